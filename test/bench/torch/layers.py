"""What encoder and decoder share."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ATTENTION = ("plain", "sdpa")
"""softmax(q·kᵀ + bias)·v written out, or F.scaled_dot_product_attention."""


def attend(variant: str, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """q: [B, heads, N, d]; k, v: [B, heads, M, d]; bias: [B, heads, N, M] → [B, heads, N, d]"""
    if variant == "sdpa":
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if bias is not None:
        logits = logits + bias
    return torch.softmax(logits, dim=-1) @ v


class LayerNorm2d(nn.Module):
    """LayerNorm over the channels of [B, C, H, W]."""

    def __init__(self, channels: int, eps: float = 1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        last = x.permute(0, 2, 3, 1)
        return F.layer_norm(last, last.shape[-1:], self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class Mlp(nn.Module):
    """Two linear layers with an activation between them."""

    def __init__(self, channels: int, hidden: int, activation: nn.Module):
        super().__init__()
        self.lin1 = nn.Linear(channels, hidden)
        self.lin2 = nn.Linear(hidden, channels)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(self.activation(self.lin1(x)))


class Perceptron(nn.Module):
    """`depth` linear layers with ReLU between them."""

    def __init__(self, inputs: int, hidden: int, outputs: int, depth: int):
        super().__init__()
        sizes = [inputs] + [hidden] * (depth - 1) + [outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
