// Measures inside of the page that shows a notebook's outputs: from the event as the browser stamped it to the end of the
// frame in which its consequence was drawn. Functions given to `evaluate` run there.
import type { Frame } from 'playwright-core';

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

/** Slices of the first plane that were drawn with their own pixels between the call and `stop`, and the time of it. */
export async function watchSlices(frame: Frame): Promise<() => Promise<{ slices: number; milliseconds: number }>> {
  await frame.evaluate(() => {
    const begin = performance.now();
    const seen = { slices: 0, milliseconds: 0, last: '', stopped: false };
    const number = document.querySelector('.pane:not([hidden]) .slice-number');
    const screen = document.querySelector('.pane:not([hidden]) .screen');
    const channel = new MessageChannel();
    const next = () => requestAnimationFrame(() => channel.port2.postMessage(null));
    channel.port1.onmessage = () => {
      const slice = number?.textContent ?? '';
      if (slice !== seen.last && !screen?.classList.contains('waiting')) {
        seen.last = slice;
        seen.slices++;
        seen.milliseconds = performance.now() - begin;
      }
      if (!seen.stopped) next();
    };
    next();
    Object.assign(window, { uiSlices: seen });
  });
  return () =>
    frame.evaluate(() => {
      const { uiSlices } = window as unknown as {
        uiSlices: { slices: number; milliseconds: number; stopped: boolean };
      };
      uiSlices.stopped = true;
      return uiSlices;
    });
}
