import type { CurveTable } from '../../protocol';
import { curveTables } from './runCurves';
import { rereadMs, RunLog } from './runLog';

export interface CurveNews {
  readonly anew: boolean;
  readonly tables: CurveTable[];
}

/**
 * Tells one view the curves of a run: all of the past, part by part, then what comes. Keeps nothing: another view reads
 * the log again.
 */
export class CurveFeed {
  private readonly log: RunLog;
  private timer: NodeJS.Timeout | null = null;
  private ended = false;
  private over = false;

  /** `run`: absolute path of the run's folder. */
  constructor(
    run: string,
    private readonly tell: (news: CurveNews) => void,
    private readonly fail: (error: unknown) => void,
  ) {
    this.log = new RunLog(run);
    void this.read(true);
  }

  end(): void {
    this.ended = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async read(first: boolean): Promise<void> {
    try {
      const { events, anew, more } = await this.log.next();
      if (this.ended) return;
      const tables = curveTables(events);
      // The first one clears what the view has from elsewhere: its notebook, or a kernel that died.
      if (first || anew || tables.length > 0) this.tell({ anew: first || anew, tables });
      if (events.length > 0) this.over = events.at(-1)?.type === 'end';
      this.timer = setTimeout(() => void this.read(false), rereadMs(this.over && !more));
    } catch (error) {
      this.fail(error);
    }
  }
}
