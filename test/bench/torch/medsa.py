"""Med-SA in PyTorch, eager mode: the reference that the engine is timed against. Written from the two papers."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from configs import Config
from decoder import CrossAttention, MaskDecoder, PromptEncoder
from encoder import Attention, ImageEncoder


class MedSa(nn.Module):
    """A frozen SAM whose adapters train; without adapters, SAM itself."""

    def __init__(self, config: Config, adapted: bool = True):
        super().__init__()
        self.image_encoder = ImageEncoder(config, adapted)
        self.prompt_encoder = PromptEncoder(config)
        self.mask_decoder = MaskDecoder(config, adapted)
        for name, parameter in self.named_parameters():
            parameter.requires_grad_("_adapter." in name)

    def use_attention(self, variant: str) -> None:
        for module in self.modules():
            if isinstance(module, (Attention, CrossAttention)):
                module.variant = variant

    def adapters(self) -> dict[str, nn.Parameter]:
        """Trainable tensors by the names of an adapter file, which count the decoder's blocks without `transformer`."""
        return {name.replace(".transformer.", "."): p for name, p in self.named_parameters() if p.requires_grad}

    def decode(
        self, embedding: Tensor, points: Tensor, labels: Tensor, masks: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """embedding: [B, C, g, g]; points: [B, P, 2]; labels: [B, P] → logits [B, 4, 4g, 4g], IoU [B, 4]"""
        prompts = self.prompt_encoder
        image = embedding + prompts.dense(masks, embedding.shape[0])
        return self.mask_decoder(image, prompts.positions(), prompts.sparse(points, labels))

    def forward(self, images: Tensor, points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images and one set of prompts each → single mask [B, 1, 4g, 4g] logits, its IoU [B, 1]"""
        masks, iou = self.decode(self.image_encoder(images), points, labels)
        return masks[:, :1], iou[:, :1]


def upsample(logits: Tensor, target: Tensor) -> Tensor:
    return F.interpolate(logits, size=target.shape[-2:], mode="bilinear", align_corners=False)


def dice_ce(logits: Tensor, target: Tensor) -> Tensor:
    """Dice with squared predictions (smooth 1e-5) + cross-entropy. Both [B, 1, H, W] → []"""
    p, t = logits.sigmoid().flatten(1), target.flatten(1)
    dice = 1 - (2 * (p * t).sum(1) + 1e-5) / (p.square().sum(1) + t.square().sum(1) + 1e-5)
    return dice.mean() + F.binary_cross_entropy_with_logits(logits, target)


def focal_dice(logits: Tensor, target: Tensor) -> Tensor:
    """20 · focal (α 0.25, γ 2) + dice (smooth 1). Both [B, 1, H, W] → []"""
    p, t = logits.sigmoid().flatten(1), target.flatten(1)
    dice = 1 - (2 * (p * t).sum(1) + 1) / (p.sum(1) + t.sum(1) + 1)
    wrong = p * (1 - t) + (1 - p) * t
    alpha = 0.25 * t + 0.75 * (1 - t)
    cross_entropy = F.binary_cross_entropy_with_logits(logits.flatten(1), t, reduction="none")
    return 20 * (alpha * wrong.square() * cross_entropy).mean() + dice.mean()


def iou_error(estimate: Tensor, logits: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of the IoU head. estimate: [B, 1]; logits, target: [B, 1, H, W] → []"""
    with torch.no_grad():
        mask = (logits > 0).float().flatten(1)
        t = target.flatten(1)
        overlap = (mask * t).sum(1)
        reached = overlap / (mask.sum(1) + t.sum(1) - overlap + 1e-6)
    return F.mse_loss(estimate[:, 0], reached)
