import { describe, expect, it } from 'vitest';
import { parseXml, textsOf } from '../../../src/kernel/datasets/xml';

const parse = (text: string) => parseXml('a.xml', Buffer.from(text));

describe('parseXml', () => {
  it('gives elements with their own texts and lines, attributes passed over', () => {
    const root = parse(
      '\uFEFF<?xml version="1.0"?>\n<!-- a <b> -->\n<a x="1>2" y = \'z\'>one<b/>\n<b>2 &lt; 3 &amp; &#x41;&#66;</b>two<![CDATA[<&>]]></a>\n',
    );
    expect([root.name, root.text, root.line]).toEqual(['a', 'one\ntwo<&>', 3]);
    expect(root.children.map(({ name, text, line }) => [name, text, line])).toEqual([
      ['b', '', 3],
      ['b', '2 < 3 & AB', 4],
    ]);
    expect(textsOf(root, 'b')).toEqual(['', '2 < 3 & AB']);
  });

  it.each([
    ['<!DOCTYPE a><a/>', /a\.xml, line 1: document types are not read/],
    ['<a>\n<!ENTITY x "y"></a>', /line 2: document types/],
    ['<a>\n\n&x;</a>', /line 1: the entity &x; is not known/],
    ['<a>&#x110000;</a>', /entity/],
    ['<a>1 & 2</a>', /&amp;/],
    ['<a><b></a></b>', /<\/a> closes nothing/],
    ['<a>', /<a> is not closed/],
    ['<a/><b/>', /not one element/],
    ['text', /not one element/],
    ['</a>', /closes nothing/],
    ['<a b=c/>', /no XML/],
    ['<a><![CDATA[ </a>', /document types|no XML/],
    ['', /not one element/],
    ['<a>'.repeat(40) + '</a>'.repeat(40), /too deep/],
    [`<a>${'<b/>'.repeat(100_001)}</a>`, /too many elements/],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('takes a long run of blanks or of open brackets in a moment', () => {
    const started = performance.now();
    expect(() => parse(`<a${' '.repeat(1_000_000)}`)).toThrow();
    expect(() => parse('<'.repeat(1_000_000))).toThrow();
    expect(() => parseXml('a.xml', Buffer.alloc(9 * 2 ** 20))).toThrow(/too large/);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
