import { firstPrompt, negativePrompt, nextClick, type PromptSet, type PromptSetting, type Random } from '../datasets';
import { tensorData, type TensorData } from '../graph';
import type { Mask, RgbImage } from '../imaging';
import { originalLogits, threshold } from '../inference/postprocess';
import { normalise } from '../inference/preprocess';
import { promptTokens, tokenCount } from '../sam/promptTokens';
import type { Example } from './examples';
import { stepInputs } from './trainStep';

/** One prompted target; it collects clicks while its batch is trained on. */
interface PromptedTarget {
  /** Empty on a slice that does not show the class: it is asked by a negative click, and should answer nothing. */
  readonly target: Mask;
  readonly image: RgbImage;
  prompts: PromptSet;
}

/** First prompts and how often each is drawn: clicks as often as boxes, loose boxes rarer than tight ones. */
const firstPrompts: readonly (readonly [PromptSetting, number])[] = [
  ['1-point', 0.6],
  ['bbox-0.75', 0.25],
  ['bbox-0.5', 0.15],
];

function draw(random: Random): PromptSetting {
  let left = random.next();
  for (const [setting, share] of firstPrompts) {
    left -= share;
    if (left < 0) return setting;
  }
  return '1-point';
}

/** Images with prompted targets: the feeds of training steps, the first with first prompts, later ones with clicks. */
export class TrainingBatch {
  private readonly prompted: readonly PromptedTarget[];
  /** Logits of the last step, fed back as mask prompts. */
  private previous: TensorData | null = null;

  constructor(
    private readonly examples: readonly Example[],
    private readonly side: number,
    promptsPerImage: number,
    private readonly random: Random,
    /** null: a mixture of clicks and boxes. */
    setting: PromptSetting | null = null,
  ) {
    const nothing: Mask = { width: side, height: side, data: new Uint8Array(side * side) };
    this.prompted = examples.flatMap(({ image, targets }) =>
      Array.from({ length: promptsPerImage }, () => {
        if (targets.length === 0) return { target: nothing, image, prompts: negativePrompt(image, random) };
        const target = targets.length === 1 ? targets[0] : random.pick(targets);
        return { target, image, prompts: firstPrompt(target, setting ?? draw(random), random, 'anywhere') };
      }),
    );
  }

  /** Tokens per sample; the same for every sample, since a box counts two and a set of points one more. */
  get tokens(): number {
    return tokenCount(this.prompted[0].prompts);
  }

  /** [I, 3, S, S] */
  images(): TensorData {
    return normalise(
      this.examples.map(({ image }) => image),
      this.side,
    );
  }

  /** Prompts, mask prompts and targets. `lowResSide`: 4g; `targetSide`: side of the targets that the loss sees. */
  feeds(lowResSide: number, targetSide: number): Record<string, TensorData> {
    const batch = this.prompted.length;
    const tokens = this.prompted.map(({ prompts }) => promptTokens(prompts));
    const area = lowResSide * lowResSide;
    return {
      [stepInputs.points]: tensorData(
        [batch, this.tokens, 2],
        tokens.flatMap(({ points }) => points),
      ),
      [stepInputs.labels]: tensorData(
        [batch, this.tokens],
        tokens.flatMap(({ labels }) => labels),
      ),
      [stepInputs.masks]:
        this.previous ?? tensorData([batch, 1, lowResSide, lowResSide], new Float32Array(batch * area)),
      [stepInputs.hasMask]: tensorData([batch], new Float32Array(batch).fill(this.previous === null ? 0 : 1)),
      [stepInputs.target]: this.targets(targetSide),
    };
  }

  /** Adds to each target the click that a person would make next, and keeps the logits as the next mask prompt. */
  correct(lowRes: TensorData): void {
    const low = lowRes.shape[3];
    const square = { width: this.side, height: this.side };
    this.prompted.forEach((sample, index) => {
      const data = lowRes.data.subarray(index * low * low, (index + 1) * low * low);
      const answer = threshold(originalLogits({ data, width: low, height: low }, this.side, square, square));
      const click = nextClick(sample.target, answer, this.random) ?? this.clickAgain(sample);
      sample.prompts = { ...sample.prompts, points: [...sample.prompts.points, click] };
    });
    this.previous = lowRes;
  }

  /** On an answer without error: every sample of a batch has as many tokens. */
  private clickAgain({ target, image }: PromptedTarget): PromptSet['points'][number] {
    const prompts = target.data.includes(1)
      ? firstPrompt(target, '1-point', this.random, 'anywhere')
      : negativePrompt(image, this.random);
    return prompts.points[0];
  }

  /** [B, 1, n, n]: mean of each target over tiles of side/n pixels. */
  private targets(n: number): TensorData {
    const tile = this.side / n;
    const data = new Float32Array(this.prompted.length * n * n);
    this.prompted.forEach(({ target }, index) => {
      const offset = index * n * n;
      for (let y = 0; y < this.side; y++) {
        const row = offset + Math.floor(y / tile) * n;
        for (let x = 0; x < this.side; x++) {
          if (target.data[y * this.side + x] === 1) data[row + Math.floor(x / tile)] += 1 / (tile * tile);
        }
      }
    });
    return tensorData([this.prompted.length, 1, n, n], data);
  }
}
