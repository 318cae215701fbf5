"""SAM's image encoder with Med-SA's adapters in its blocks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from adapters import Adapter
from configs import Config
from layers import LayerNorm2d, Mlp, attend


def relative_table(table: Tensor, side: int) -> Tensor:
    """Vector of every (query, key) pair of a line. table: [2L − 1, d] → [side, side, d]"""
    if table.shape[0] != 2 * side - 1:
        table = F.interpolate(table.T[None], size=2 * side - 1, mode="linear")[0].T
    index = torch.arange(side, device=table.device)
    return table[index[:, None] - index[None, :] + side - 1]


class Attention(nn.Module):
    """Multi-head self-attention on a grid, with decomposed relative positions."""

    variant = "plain"

    def __init__(self, channels: int, heads: int, side: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, channels // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, channels // heads))

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, h, w, C] → [B, h, w, C]"""
        batch, height, width, channels = x.shape
        tokens = height * width
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = attend(self.variant, q, k, v, self.positions(q, height, width))
        return self.proj(mixed.transpose(1, 2).reshape(x.shape))

    def positions(self, q: Tensor, height: int, width: int) -> Tensor:
        """logit(query, key) += q·R_h[Δrow] + q·R_w[Δcolumn]. q: [B, heads, N, d] → [B, heads, N, N]"""
        grid = q.unflatten(2, (height, width))
        rows = torch.einsum("bnhwc,hkc->bnhwk", grid, relative_table(self.rel_pos_h, height))
        columns = torch.einsum("bnhwc,wkc->bnhwk", grid, relative_table(self.rel_pos_w, width))
        return (rows[..., :, None] + columns[..., None, :]).flatten(4, 5).flatten(2, 3)


def windows(x: Tensor, side: int) -> Tensor:
    """Cuts a grid, zero-padded to whole windows. [B, h, w, C] → [B·rows·columns, side, side, C]"""
    _, height, width, channels = x.shape
    x = F.pad(x, (0, 0, 0, -width % side, 0, -height % side))
    x = x.unflatten(2, (-1, side)).unflatten(1, (-1, side))
    return x.transpose(2, 3).reshape(-1, side, side, channels)


def unwindow(x: Tensor, shape: torch.Size) -> Tensor:
    """The inverse of `windows`, the padding cropped. → [B, h, w, C]"""
    batch, height, width, channels = shape
    side = x.shape[1]
    x = x.view(batch, -(-height // side), -(-width // side), side, side, channels)
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)[:, :height, :width]


class Block(nn.Module):
    def __init__(self, config: Config, window: int, adapted: bool):
        super().__init__()
        dim = config.embed_dim
        self.window = window
        self.pad_before_norm = config.pad_before_norm
        self.scale = config.scale
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, config.heads, window or config.table_grid)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim, nn.GELU())
        self.space_adapter = Adapter(dim, config.encoder_bottleneck, skip=True) if adapted else None
        self.mlp_adapter = Adapter(dim, config.encoder_bottleneck, skip=False) if adapted else None

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, h, w, C] → [B, h, w, C]"""
        if self.window == 0:
            n = self.norm1(x)
        elif self.pad_before_norm:
            n = self.norm1(windows(x, self.window))
        else:
            n = windows(self.norm1(x), self.window)
        a = self.attn(n)
        if self.space_adapter is not None:
            a = self.space_adapter(a)
        x = x + (a if self.window == 0 else unwindow(a, x.shape))
        n = self.norm2(x)
        y = self.mlp(n)
        if self.mlp_adapter is not None:
            y = y + self.scale * self.mlp_adapter(n)
        return x + y


class PatchEmbedding(nn.Module):
    def __init__(self, channels: int, side: int):
        super().__init__()
        self.proj = nn.Conv2d(3, channels, kernel_size=side, stride=side)

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, S, S] → [B, S/side, S/side, C]"""
        return self.proj(images).permute(0, 2, 3, 1)


class ImageEncoder(nn.Module):
    def __init__(self, config: Config, adapted: bool):
        super().__init__()
        dim, out = config.embed_dim, config.out_channels
        self.patch_embed = PatchEmbedding(dim, config.patch_size)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.table_grid, config.table_grid, dim))
        self.blocks = nn.ModuleList(
            Block(config, 0 if index in config.global_blocks else config.window, adapted)
            for index in range(config.depth)
        )
        self.neck = nn.Sequential(
            nn.Conv2d(dim, out, kernel_size=1, bias=False),
            LayerNorm2d(out),
            nn.Conv2d(out, out, kernel_size=3, padding=1, bias=False),
            LayerNorm2d(out),
        )

    def forward(self, images: Tensor) -> Tensor:
        """images: [B, 3, S, S], normalised → embedding [B, C, g, g]"""
        x = self.patch_embed(images)
        positions = self.pos_embed
        if positions.shape[1:3] != x.shape[1:3]:
            resampled = F.interpolate(positions.permute(0, 3, 1, 2), size=x.shape[1:3], mode="bilinear")
            positions = resampled.permute(0, 2, 3, 1)
        x = x + positions
        for block in self.blocks:
            x = block(x)
        return self.neck(x.permute(0, 3, 1, 2))
