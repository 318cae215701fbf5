import type { Checksums } from '../downloads';

/** A checkpoint that its authors publish. */
export interface PublishedModel {
  readonly name: string;
  readonly title: string;
  /** Its file, by plain HTTPS. */
  readonly url: string;
  /** Where a person reads about it, and its licence. */
  readonly page: string;
  readonly licence: string;
  /** Bytes; not `exact`: four for every parameter, where nobody publishes the size. */
  readonly size: { readonly bytes: number; readonly exact: boolean };
  /** In full, as published or measured by several independent tools; empty where none could be found. */
  readonly checksums: Checksums;
  /** Configuration that the file must turn out to have. */
  readonly encoder: 'vit_b' | 'vit_l' | 'vit_h';
}

const samPage = 'https://github.com/facebookresearch/segment-anything';
const samFile = (name: string): string => `https://dl.fbaipublicfiles.com/segment_anything/${name}`;

/** `transformers`' conversions. No published sum of these files was found: their length, and that they are a SAM, is checked. */
const huggingFace = (
  size: 'base' | 'large' | 'huge',
  encoder: PublishedModel['encoder'],
  parameters: number,
): PublishedModel => ({
  name: `sam-vit-${size}`,
  title: `SAM ViT-${size[0].toUpperCase()}, Hugging Face`,
  url: `https://huggingface.co/facebook/sam-vit-${size}/resolve/main/model.safetensors`,
  page: `https://huggingface.co/facebook/sam-vit-${size}`,
  licence: 'Apache-2.0',
  size: { bytes: 4 * parameters, exact: false },
  checksums: {},
  encoder,
});

/**
 * What `med-sa models get` knows. The digits in the names of SAM's files begin their MD5 (not their SHA-256, as torch.hub
 * would have it); both sums are here.
 */
export const publishedModels: readonly PublishedModel[] = [
  {
    name: 'sam_vit_b',
    title: 'SAM ViT-B',
    url: samFile('sam_vit_b_01ec64.pth'),
    page: samPage,
    licence: 'Apache-2.0',
    size: { bytes: 375_042_383, exact: true },
    checksums: {
      sha256: 'ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912',
      md5: '01ec64d29a2fca3f0661936605ae66f8',
    },
    encoder: 'vit_b',
  },
  {
    name: 'sam_vit_l',
    title: 'SAM ViT-L',
    url: samFile('sam_vit_l_0b3195.pth'),
    page: samPage,
    licence: 'Apache-2.0',
    size: { bytes: 1_249_524_607, exact: true },
    checksums: {
      sha256: '3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622',
      md5: '0b3195507c641ddb6910d2bb5adee89c',
    },
    encoder: 'vit_l',
  },
  {
    name: 'sam_vit_h',
    title: 'SAM ViT-H',
    url: samFile('sam_vit_h_4b8939.pth'),
    page: samPage,
    licence: 'Apache-2.0',
    size: { bytes: 2_564_550_879, exact: true },
    checksums: {
      sha256: 'a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e',
      md5: '4b8939a88964f0f4ff5f5b2642c598a6',
    },
    encoder: 'vit_h',
  },
  huggingFace('base', 'vit_b', 93_735_728),
  huggingFace('large', 'vit_l', 312_343_088),
  huggingFace('huge', 'vit_h', 641_090_864),
  {
    name: 'medsam_vit_b',
    title: 'MedSAM ViT-B (boxes)',
    url: 'https://zenodo.org/records/10689643/files/medsam_vit_b.pth',
    page: 'https://zenodo.org/records/10689643',
    // Its code is Apache-2.0; the weights are deposited under this.
    licence: 'CC-BY-4.0',
    size: { bytes: 375_049_145, exact: true },
    checksums: { md5: '3bb6db55bd0c9ca30b61248bca72f8d6' },
    encoder: 'vit_b',
  },
];

export const publishedModel = (name: string): PublishedModel | null =>
  publishedModels.find((model) => model.name === name) ?? null;
