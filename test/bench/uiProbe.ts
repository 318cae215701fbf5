// Measures inside of the page that shows a notebook's outputs: from the event as the browser stamped it to the end of the
// frame in which its consequence was drawn. Functions given to `evaluate` run there.
import type { Frame, Page } from 'playwright-core';

declare global {
  interface Window {
    /** Made by `watchMessages`. */
    uiMessages?: { largest: number; previews: number };
  }
}

/** Counts what the kernel tells the viewers of a page from now on. */
export async function watchMessages(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    if (window.uiMessages) return;
    const seen = (window.uiMessages = { largest: 0, previews: 0 });
    const textIn = (value: unknown): number =>
      typeof value === 'string'
        ? value.length + 2
        : typeof value === 'object' && value !== null
          ? Object.entries(value).reduce((sum, [name, each]) => sum + name.length + 4 + textIn(each), 2)
          : String(value).length;
    window.addEventListener('message', ({ data }: MessageEvent<{ type?: string; message?: { type?: string } }>) => {
      if (data?.type !== 'customRendererMessage') return;
      if (data.message?.type === 'viewer/preview') seen.previews++;
      seen.largest = Math.max(seen.largest, textIn(data.message));
    });
  });
}

/** Bytes of the largest message since `watchMessages`, and how many previews came. */
export async function messagesOf(frame: Frame): Promise<{ largest: number; previews: number }> {
  const seen = await frame.evaluate(() => window.uiMessages);
  if (!seen) throw new Error('the page lost what was measured in it: it was loaded anew');
  return seen;
}

/**
 * Milliseconds from the next pointer-up to the end of the frame in which the picture differs at the place of that
 * pointer-up, moved by `aside` CSS pixels: there, a mask covers the picture and no prompt's sign does. To be called before
 * the click; NaN where nothing was drawn within five seconds.
 */
export async function nextMask(frame: Frame, aside: number): Promise<() => Promise<number>> {
  await frame.evaluate((shift) => {
    const result = new Promise<number>((resolve) => {
      window.addEventListener(
        'pointerup',
        (event) => {
          const overlay = event.target as HTMLCanvasElement;
          const picture = overlay.parentElement?.querySelector<HTMLCanvasElement>('.picture');
          const box = overlay.getBoundingClientRect();
          const unit = overlay.width / box.width;
          const [x, y] = [event.clientX - box.left + shift, event.clientY - box.top].map((at) => Math.round(at * unit));
          const level = () => picture?.getContext('2d')?.getImageData(x, y, 1, 1).data.slice(0, 3).join();
          const before = level();
          const channel = new MessageChannel();
          const next = () => requestAnimationFrame(() => channel.port2.postMessage(null));
          // A message is heard after the frame has been drawn.
          channel.port1.onmessage = () => {
            const waited = performance.now() - event.timeStamp;
            if (level() !== before) resolve(waited);
            else if (waited > 5000) resolve(NaN);
            else next();
          };
          next();
        },
        { once: true, capture: true },
      );
    });
    Object.assign(window, { uiMask: result });
  }, aside);
  return () => frame.evaluate(() => (window as unknown as { uiMask: Promise<number> }).uiMask);
}

export interface Scrolling {
  readonly notches: number;
  /** Slices of the first plane that were drawn, at whatever resolution, while the wheel turned and came to rest. */
  readonly slices: number;
  readonly milliseconds: number;
  /** From the last notch until every pixel of the last slice was drawn. */
  readonly sharpened: number;
}

/**
 * Turns the wheel over the first plane by itself, a notch every `everyMs`, beginning in `afterMs`: until then, whoever
 * drives the browser can let go of it. DevTools copy all that VS Code sends to the page, a third of the time that it takes.
 */
export async function beginScrolling(frame: Frame, notches: number, everyMs: number, afterMs: number): Promise<void> {
  await frame.evaluate(
    ([count, every, after]) => {
      const pane = document.querySelector('.pane:not([hidden])');
      const screen = pane?.querySelector('.screen');
      const canvas = pane?.querySelector<HTMLCanvasElement>('.overlay');
      const number = pane?.querySelector('.slice-number');
      if (!screen || !canvas || !number) throw new Error('the page shows no volume');
      canvas.focus();
      const has = (name: string) => screen.classList.contains(name);
      const seen = { notches: 0, slices: 0, milliseconds: 0, sharpened: NaN };
      const run = async (): Promise<typeof seen> => {
        const frame = () =>
          new Promise<void>((drawn) => {
            const channel = new MessageChannel();
            // A message is heard after the frame has been drawn.
            channel.port1.onmessage = () => drawn();
            requestAnimationFrame(() => channel.port2.postMessage(null));
          });
        await new Promise((resolve) => setTimeout(resolve, after));
        const begin = performance.now();
        let rested = Infinity;
        const timer = setInterval(() => {
          canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: -100, bubbles: true, cancelable: true }));
          if (++seen.notches < count) return;
          clearInterval(timer);
          rested = performance.now();
        }, every);
        for (let last = number.textContent; ;) {
          await frame();
          const now = performance.now();
          if (!has('waiting') && number.textContent !== last) {
            last = number.textContent;
            seen.slices++;
            seen.milliseconds = now - begin;
          }
          if (now < rested) continue;
          if (!has('waiting') && !has('coarse')) seen.sharpened = now - rested;
          if (!Number.isNaN(seen.sharpened) || now - rested > 10_000) return seen;
        }
      };
      Object.assign(window, { uiScrolling: run() });
    },
    [notches, everyMs, afterMs] as const,
  );
}

/** What `beginScrolling` saw, when the wheel has come to rest. */
export async function scrollingOf(frame: Frame): Promise<Scrolling> {
  return await frame.evaluate(() => (window as unknown as { uiScrolling: Promise<Scrolling> }).uiScrolling);
}

/** When, by the clock, a page of notebook outputs was first seen to show a slice with its own pixels. */
export async function firstSlice(page: Page): Promise<number> {
  for (;;) {
    for (const frame of page.frames()) {
      const drawn = () => {
        const screen = document.querySelector('.med-sa-image .pane:not([hidden]) .screen');
        const shown = screen?.querySelector<HTMLElement>('.overlay')?.dataset.shown !== undefined;
        return shown && !screen?.classList.contains('waiting');
      };
      // Frames come and go while VS Code lays out its outputs.
      if (await frame.evaluate(drawn).catch(() => false)) return Date.now();
    }
    await page.waitForTimeout(10);
  }
}
