"""SAM's prompt encoder and mask decoder, with Med-SA's adapters in the two-way blocks."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adapters import Adapter, HyperPromptAdapter
from configs import Config
from layers import LayerNorm2d, Mlp, Perceptron, attend

MASKS = 4
"""Mask tokens: one for the single answer, three for the ambiguous ones."""


class FourierPositions(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, channels // 2))

    def forward(self, positions: Tensor) -> Tensor:
        """[..., 2], x and y in 0..1 → [..., C]"""
        angles = 2 * math.pi * ((2 * positions - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        channels, masks = config.out_channels, config.mask_channels
        self.grid = config.grid
        self.image_size = config.image_size
        self.pe_layer = FourierPositions(channels)
        # negative, positive, and the two corners of a box
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, channels) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, channels)
        self.no_mask_embed = nn.Embedding(1, channels)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, masks // 4, kernel_size=2, stride=2),
            LayerNorm2d(masks // 4),
            nn.GELU(),
            nn.Conv2d(masks // 4, masks, kernel_size=2, stride=2),
            LayerNorm2d(masks),
            nn.GELU(),
            nn.Conv2d(masks, channels, kernel_size=1),
        )

    def positions(self) -> Tensor:
        """Of every cell of the grid. → [1, C, g, g]"""
        device = self.not_a_point_embed.weight.device
        centres = (torch.arange(self.grid, device=device) + 0.5) / self.grid
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        return self.pe_layer(torch.stack([x, y], dim=-1)).permute(2, 0, 1)[None]

    def sparse(self, points: Tensor, labels: Tensor) -> Tensor:
        """points: [B, P, 2], x and y in pixels; labels: [B, P], −1 no point, 0, 1, 2 and 3 corners → [B, P, C]"""
        positions = self.pe_layer((points + 0.5) / self.image_size)
        positions = torch.where((labels == -1)[..., None], 0.0, positions)
        learned = torch.cat([self.not_a_point_embed.weight] + [kind.weight for kind in self.point_embeddings])
        return positions + F.embedding(labels + 1, learned)

    def dense(self, masks: Tensor | None, batch: int) -> Tensor:
        """masks: [B, 1, 4g, 4g] logits of a previous answer → [B, C, g, g]"""
        if masks is not None:
            return self.mask_downscaling(masks)
        return self.no_mask_embed.weight[:, :, None, None].expand(batch, -1, self.grid, self.grid)


class CrossAttention(nn.Module):
    """Projected multi-head attention of one sequence to another."""

    variant = "plain"

    def __init__(self, channels: int, inner: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(channels, inner)
        self.k_proj = nn.Linear(channels, inner)
        self.v_proj = nn.Linear(channels, inner)
        self.out_proj = nn.Linear(inner, channels)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """q: [B, T, C]; k, v: [B, N, C] → [B, T, C]"""
        q, k, v = (
            project(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for project, x in ((self.q_proj, q), (self.k_proj, k), (self.v_proj, v))
        )
        return self.out_proj(attend(self.variant, q, k, v).transpose(1, 2).flatten(2))


class TwoWayBlock(nn.Module):
    def __init__(self, config: Config, first: bool, adapted: bool):
        super().__init__()
        channels, heads, r = config.out_channels, config.decoder_heads, config.decoder_bottleneck
        self.first = first
        self.scale = config.scale
        self.self_attn = CrossAttention(channels, channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.cross_attn_token_to_image = CrossAttention(channels, channels // 2, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, config.decoder_mlp, nn.ReLU())
        self.norm3 = nn.LayerNorm(channels)
        self.cross_attn_image_to_token = CrossAttention(channels, channels // 2, heads)
        self.norm4 = nn.LayerNorm(channels)
        self.prompt_adapter = HyperPromptAdapter(channels, r) if adapted else None
        self.mlp_adapter = Adapter(channels, r, skip=False) if adapted else None
        self.image_adapter = Adapter(channels, r, skip=True) if adapted else None

    def forward(self, q: Tensor, k: Tensor, q_pos: Tensor, k_pos: Tensor, prompt: Tensor) -> tuple[Tensor, Tensor]:
        if self.first:
            q = self.self_attn(q, q, q)
        else:
            positioned = q + q_pos
            q = q + self.self_attn(positioned, positioned, q)
        q = self.norm1(q)

        positioned = k + k_pos
        q = q + self.cross_attn_token_to_image(q + q_pos, positioned, k)
        if self.prompt_adapter is not None:
            q = self.prompt_adapter(q, prompt)
        q = self.norm2(q)

        y = self.mlp(q)
        if self.mlp_adapter is not None:
            y = y + self.scale * self.mlp_adapter(q)
        q = self.norm3(q + y)

        k = k + self.cross_attn_image_to_token(positioned, q + q_pos, q)
        if self.image_adapter is not None:
            k = self.image_adapter(k)
        return q, self.norm4(k)


class TwoWayTransformer(nn.Module):
    def __init__(self, config: Config, adapted: bool):
        super().__init__()
        channels = config.out_channels
        self.layers = nn.ModuleList(TwoWayBlock(config, index == 0, adapted) for index in range(config.decoder_depth))
        self.final_attn_token_to_image = CrossAttention(channels, channels // 2, config.decoder_heads)
        self.norm_final_attn = nn.LayerNorm(channels)

    def forward(self, tokens: Tensor, image: Tensor, positions: Tensor, prompt: Tensor) -> tuple[Tensor, Tensor]:
        """tokens: [B, T, C]; image: [B, N, C] → both, attended to each other"""
        q, k = tokens, image
        for layer in self.layers:
            q, k = layer(q, k, tokens, positions, prompt)
        q = q + self.final_attn_token_to_image(q + tokens, k + positions, k)
        return self.norm_final_attn(q), k


class MaskDecoder(nn.Module):
    def __init__(self, config: Config, adapted: bool):
        super().__init__()
        channels = config.out_channels
        self.transformer = TwoWayTransformer(config, adapted)
        self.iou_token = nn.Embedding(1, channels)
        self.mask_tokens = nn.Embedding(MASKS, channels)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(channels, channels // 4, kernel_size=2, stride=2),
            LayerNorm2d(channels // 4),
            nn.GELU(),
            nn.ConvTranspose2d(channels // 4, channels // 8, kernel_size=2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(
            Perceptron(channels, channels, channels // 8, 3) for _ in range(MASKS)
        )
        self.iou_prediction_head = Perceptron(channels, config.iou_hidden, MASKS, config.iou_depth)

    def forward(self, image: Tensor, positions: Tensor, prompt: Tensor) -> tuple[Tensor, Tensor]:
        """image: [B, C, g, g]; positions: [1, C, g, g]; prompt: [B, P, C] → [B, 4, 4g, 4g] logits, [B, 4]"""
        batch, _, height, width = image.shape
        learned = torch.cat([self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([learned.expand(batch, -1, -1), prompt], dim=1)
        sequence = image.flatten(2).transpose(1, 2)
        q, k = self.transformer(tokens, sequence, positions.flatten(2).transpose(1, 2), prompt)
        upscaled = self.output_upscaling(k.transpose(1, 2).unflatten(2, (height, width)))
        mixing = torch.stack([mlp(q[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (mixing @ upscaled.flatten(2)).unflatten(2, upscaled.shape[2:])
        return masks, self.iou_prediction_head(q[:, 0])
