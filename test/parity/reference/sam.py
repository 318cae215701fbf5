"""Segment Anything (arXiv 2304.02643) as functions over named tensors, written from the paper's description.

Nothing is shared with the product but the names of the tensors: convolutions are convolutions, positions are added to
the logits, images are channel-first. `attached` is asked wherever something may stand beside the frozen model.
"""

import math
import re

import torch
import torch.nn.functional as F


class Scope:
    """Tensors under a prefix: `Scope(t)("a.weight")`, `Scope(t).at("a")("weight")`."""

    def __init__(self, tensors, prefix=""):
        self.tensors, self.prefix = tensors, prefix

    def __call__(self, name):
        return self.tensors[self.prefix + name]

    def at(self, name):
        return Scope(self.tensors, f"{self.prefix}{name}.")


class Bare:
    """Nothing attached."""

    pad_before_norm = False

    def branch(self, block, n, attend, batch):
        return attend(n)

    def encoder_mlp(self, block, n, mlp):
        return mlp(n)

    def projection(self, layer, x, own):
        return own(x)

    def tokens(self, layer, queries, prompt):
        return queries

    def decoder_mlp(self, layer, queries, mlp):
        return mlp(queries)

    def image(self, layer, keys):
        return keys


def linear(p, x):
    return F.linear(x, p("weight"), p("bias"))


def norm(p, x, eps):
    return F.layer_norm(x, x.shape[-1:], p("weight"), p("bias"), eps)


def norm2d(p, x, eps=1e-6):
    """Over the channels of a channel-first map."""
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).pow(2).mean(1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * p("weight")[:, None, None] + p("bias")[:, None, None]


# ---------------------------------------------------------------- image encoder


def relative_table(table, n):
    """[L, d] -> [n, n, d]: the vector of each (query, key) pair of a line of n, resampled where L is not 2n-1."""
    wanted = 2 * n - 1
    if table.shape[0] != wanted:
        table = F.interpolate(table.t()[None], size=wanted, mode="linear", align_corners=False)[0].t()
    index = torch.arange(n)
    return table[index[:, None] - index[None, :] + n - 1]


def grid_attention(p, x, heads, project):
    b, h, w, c = x.shape
    d = c // heads
    q, k, v = project("attn.qkv", x).reshape(b, h * w, 3, heads, d).permute(2, 0, 3, 1, 4)
    logits = (q / math.sqrt(d)) @ k.transpose(-2, -1)
    grid = q.reshape(b, heads, h, w, d)
    rows = torch.einsum("bmhwd,hkd->bmhwk", grid, relative_table(p("rel_pos_h"), h))
    columns = torch.einsum("bmhwd,wkd->bmhwk", grid, relative_table(p("rel_pos_w"), w))
    logits = (logits.reshape(b, heads, h, w, h, w) + rows[..., :, None] + columns[..., None, :]).reshape(logits.shape)
    del rows, columns
    mixed = (logits.softmax(-1) @ v).transpose(1, 2).reshape(b, h, w, c)
    return project("attn.proj", mixed)


def cut(x, n):
    """[B, h, w, C] -> [B * windows, n, n, C], zeros right and below."""
    b, h, w, c = x.shape
    x = F.pad(x, (0, 0, 0, -w % n, 0, -h % n))
    rows, columns = x.shape[1] // n, x.shape[2] // n
    return x.reshape(b, rows, n, columns, n, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, n, n, c)


def paste(windows, shape):
    b, h, w, c = shape
    n = windows.shape[1]
    rows, columns = -(-h // n), -(-w // n)
    x = windows.reshape(b, rows, columns, n, n, c).permute(0, 1, 3, 2, 4, 5).reshape(b, rows * n, columns * n, c)
    return x[:, :h, :w]


def encoder_block(p, x, cfg, index, attached):
    window = 0 if index in cfg["global_attn_indexes"] else cfg["window_size"]
    name = f"image_encoder.blocks.{index}"

    def project(layer, t):
        return attached.projection(f"{name}.{layer}", t, lambda own: linear(p.at(layer), own))

    def attend(t):
        return grid_attention(p.at("attn"), t, cfg["num_heads"], project)

    def first_norm(t):
        return norm(p.at("norm1"), t, 1e-6)

    if window == 0:
        a = attached.branch(index, first_norm(x), attend, x.shape[0])
    else:
        n = first_norm(cut(x, window)) if attached.pad_before_norm else cut(first_norm(x), window)
        a = paste(attached.branch(index, n, attend, x.shape[0]), x.shape)
    x = x + a

    def mlp(t):
        return linear(p.at("mlp.lin2"), F.gelu(linear(p.at("mlp.lin1"), t)))

    return x + attached.encoder_mlp(index, norm(p.at("norm2"), x, 1e-6), mlp)


def encode(tensors, images, cfg, attached):
    """[B, 3, S, S] -> [B, C, g, g]"""
    p = Scope(tensors).at("image_encoder")
    patch = p.at("patch_embed.proj")
    x = F.conv2d(images, patch("weight"), patch("bias"), stride=cfg["patch_size"]).permute(0, 2, 3, 1)
    x = x + p("pos_embed")
    for index in range(cfg["depth"]):
        x = encoder_block(p.at(f"blocks.{index}"), x, cfg, index, attached)
    x = norm2d(p.at("neck.1"), F.conv2d(x.permute(0, 3, 1, 2), p("neck.0.weight")))
    return norm2d(p.at("neck.3"), F.conv2d(x, p("neck.2.weight"), padding=1))


# --------------------------------------------------------------- prompt encoder


def fourier(p, positions):
    """[..., 2] in 0..1 -> [..., C]"""
    angles = 2 * math.pi * ((2 * positions - 1) @ p("pe_layer.positional_encoding_gaussian_matrix"))
    return torch.cat([angles.sin(), angles.cos()], -1)


def dense_positions(tensors, cfg):
    g = cfg["image_size"] // cfg["patch_size"]
    y, x = torch.meshgrid(*2 * [(torch.arange(g) + 0.5) / g], indexing="ij")
    return fourier(Scope(tensors).at("prompt_encoder"), torch.stack([x, y], -1)).permute(2, 0, 1)[None]


def sparse_prompts(tensors, cfg, points=None, labels=None, box=None):
    """points [B, P, 2], labels [B, P], box [B, 4], in pixels -> [B, tokens, C]"""
    p = Scope(tensors).at("prompt_encoder")
    tokens = []

    def placed(xy):
        return fourier(p, (xy + 0.5) / cfg["image_size"])

    if points is not None:
        kinds = torch.cat([p("point_embeddings.0.weight"), p("point_embeddings.1.weight")])
        tokens.append(placed(points) + kinds[labels.long()])
        if box is None:
            tokens.append(p("not_a_point_embed.weight").expand(points.shape[0], 1, -1))
    if box is not None:
        corners = torch.cat([p("point_embeddings.2.weight"), p("point_embeddings.3.weight")])
        tokens.append(placed(box.reshape(-1, 2, 2)) + corners)
    return torch.cat(tokens, 1)


def dense_prompts(tensors, cfg, batch, mask=None):
    p = Scope(tensors).at("prompt_encoder")
    g = cfg["image_size"] // cfg["patch_size"]
    if mask is None:
        return p("no_mask_embed.weight").reshape(1, -1, 1, 1).expand(batch, -1, g, g)
    down = p.at("mask_downscaling")
    x = F.gelu(norm2d(down.at("1"), F.conv2d(mask, down("0.weight"), down("0.bias"), stride=2)))
    x = F.gelu(norm2d(down.at("4"), F.conv2d(x, down("3.weight"), down("3.bias"), stride=2)))
    return F.conv2d(x, down("6.weight"), down("6.bias"))


# ----------------------------------------------------------------- mask decoder


def mlp(p, x, layers):
    for layer in range(layers):
        x = linear(p.at(f"layers.{layer}"), x if layer == 0 else F.relu(x))
    return x


def decode(tensors, embedding, prompt, dense, cfg, attached):
    """-> logits [B, 4, 4g, 4g], IoU estimates [B, 4]"""
    p = Scope(tensors).at("mask_decoder")
    batch, c, g, _ = embedding.shape
    heads = cfg["decoder_heads"]

    def attention(path, q, k, v):
        def project(part, x):
            layer = f"{path}.{part}"
            return attached.projection(f"mask_decoder.{layer}", x, lambda own: linear(p.at(layer), own))

        def split(x):
            return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

        q, k, v = split(project("q_proj", q)), split(project("k_proj", k)), split(project("v_proj", v))
        weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
        return project("out_proj", (weights @ v).transpose(1, 2).flatten(2))

    learned = torch.cat([p("iou_token.weight"), p("mask_tokens.weight")])
    positions = torch.cat([learned.expand(batch, -1, -1), prompt], 1)
    k_positions = dense_positions(tensors, cfg).flatten(2).transpose(1, 2)
    queries, keys = positions, (embedding + dense).flatten(2).transpose(1, 2)
    for index in range(cfg["decoder_depth"]):
        path = f"transformer.layers.{index}"
        layer = p.at(path)
        if index == 0:
            queries = attention(f"{path}.self_attn", queries, queries, queries)
        else:
            q = queries + positions
            queries = queries + attention(f"{path}.self_attn", q, q, queries)
        queries = norm(layer.at("norm1"), queries, 1e-5)
        attended = attention(f"{path}.cross_attn_token_to_image", queries + positions, keys + k_positions, keys)
        queries = norm(layer.at("norm2"), attached.tokens(index, queries + attended, prompt), 1e-5)

        def feed_forward(x):
            return linear(layer.at("mlp.lin2"), F.relu(linear(layer.at("mlp.lin1"), x)))

        queries = norm(layer.at("norm3"), queries + attached.decoder_mlp(index, queries, feed_forward), 1e-5)
        attended = attention(f"{path}.cross_attn_image_to_token", keys + k_positions, queries + positions, queries)
        keys = norm(layer.at("norm4"), attached.image(index, keys + attended), 1e-5)
    path = "transformer.final_attn_token_to_image"
    queries = queries + attention(path, queries + positions, keys + k_positions, keys)
    queries = norm(p.at("transformer.norm_final_attn"), queries, 1e-5)

    up = p.at("output_upscaling")
    x = keys.transpose(1, 2).reshape(batch, c, g, g)
    x = F.gelu(norm2d(up.at("1"), F.conv_transpose2d(x, up("0.weight"), up("0.bias"), stride=2)))
    x = F.gelu(F.conv_transpose2d(x, up("3.weight"), up("3.bias"), stride=2))
    mixing = [mlp(p.at(f"output_hypernetworks_mlps.{i}"), queries[:, 1 + i], 3) for i in range(4)]
    masks = torch.einsum("bmc,bchw->bmhw", torch.stack(mixing, 1), x)
    return masks, mlp(p.at("iou_prediction_head"), queries[:, 0], cfg["iou_head_depth"])


# ------------------------------------------------------------------- parameters


def shapes(cfg):
    """Name -> shape of every tensor, in SAM's names."""
    table = {}
    dim, out, g = cfg["embed_dim"], cfg["out_chans"], cfg["image_size"] // cfg["patch_size"]

    def layer(name, i, o):
        table[f"{name}.weight"], table[f"{name}.bias"] = (o, i), (o,)

    def affine(name, c):
        table[f"{name}.weight"], table[f"{name}.bias"] = (c,), (c,)

    e = "image_encoder"
    table[f"{e}.pos_embed"] = (1, g, g, dim)
    table[f"{e}.patch_embed.proj.weight"] = (dim, 3, cfg["patch_size"], cfg["patch_size"])
    table[f"{e}.patch_embed.proj.bias"] = (dim,)
    for i in range(cfg["depth"]):
        b = f"{e}.blocks.{i}"
        span = 2 * (g if i in cfg["global_attn_indexes"] else cfg["window_size"]) - 1
        affine(f"{b}.norm1", dim)
        for side in "hw":
            table[f"{b}.attn.rel_pos_{side}"] = (span, dim // cfg["num_heads"])
        layer(f"{b}.attn.qkv", dim, 3 * dim)
        layer(f"{b}.attn.proj", dim, dim)
        affine(f"{b}.norm2", dim)
        layer(f"{b}.mlp.lin1", dim, 4 * dim)
        layer(f"{b}.mlp.lin2", 4 * dim, dim)
    table[f"{e}.neck.0.weight"] = (out, dim, 1, 1)
    affine(f"{e}.neck.1", out)
    table[f"{e}.neck.2.weight"] = (out, out, 3, 3)
    affine(f"{e}.neck.3", out)

    e, m = "prompt_encoder", cfg["mask_in_chans"]
    table[f"{e}.pe_layer.positional_encoding_gaussian_matrix"] = (2, out // 2)
    for i in range(4):
        table[f"{e}.point_embeddings.{i}.weight"] = (1, out)
    table[f"{e}.not_a_point_embed.weight"] = (1, out)
    table[f"{e}.no_mask_embed.weight"] = (1, out)
    for i, (o, c, k) in {0: (m // 4, 1, 2), 3: (m, m // 4, 2), 6: (out, m, 1)}.items():
        table[f"{e}.mask_downscaling.{i}.weight"] = (o, c, k, k)
        table[f"{e}.mask_downscaling.{i}.bias"] = (o,)
    affine(f"{e}.mask_downscaling.1", m // 4)
    affine(f"{e}.mask_downscaling.4", m)

    def attention(name, inner):
        for part in "qkv":
            layer(f"{name}.{part}_proj", out, inner)
        layer(f"{name}.out_proj", inner, out)

    e = "mask_decoder"
    for i in range(cfg["decoder_depth"]):
        b = f"{e}.transformer.layers.{i}"
        attention(f"{b}.self_attn", out)
        attention(f"{b}.cross_attn_token_to_image", out // 2)
        attention(f"{b}.cross_attn_image_to_token", out // 2)
        layer(f"{b}.mlp.lin1", out, cfg["decoder_mlp_dim"])
        layer(f"{b}.mlp.lin2", cfg["decoder_mlp_dim"], out)
        for n in range(1, 5):
            affine(f"{b}.norm{n}", out)
    attention(f"{e}.transformer.final_attn_token_to_image", out // 2)
    affine(f"{e}.transformer.norm_final_attn", out)
    table[f"{e}.iou_token.weight"], table[f"{e}.mask_tokens.weight"] = (1, out), (4, out)
    table[f"{e}.output_upscaling.0.weight"] = (out, out // 4, 2, 2)
    table[f"{e}.output_upscaling.0.bias"] = (out // 4,)
    affine(f"{e}.output_upscaling.1", out // 4)
    table[f"{e}.output_upscaling.3.weight"] = (out // 4, out // 8, 2, 2)
    table[f"{e}.output_upscaling.3.bias"] = (out // 8,)
    for i in range(4):
        for n, o in enumerate((out, out, out // 8)):
            layer(f"{e}.output_hypernetworks_mlps.{i}.layers.{n}", out, o)
    widths = [out] + [cfg["iou_head_hidden_dim"]] * (cfg["iou_head_depth"] - 1) + [4]
    for n in range(cfg["iou_head_depth"]):
        layer(f"{e}.iou_prediction_head.layers.{n}", widths[n], widths[n + 1])
    return table


NORM = re.compile(r"(^|\.)(norm\w*(\.\d)?|neck\.[13]|mask_downscaling\.[14]|output_upscaling\.1)\.weight$")
EMBEDDING = re.compile(r"rel_pos_[hw]$|pos_embed$|(embed|embeddings\.\d|tokens?)\.weight$")


def random_tensors(table, generator):
    """Every path carries signal: no zeros, norms away from one, weights scaled by their fan-in."""

    def draw(name, shape):
        x = torch.randn(shape, generator=generator)
        if name.endswith(".bias"):
            return 0.1 * x
        if NORM.search(name):
            return 1 + 0.1 * x
        if "gaussian_matrix" in name:
            return x
        if EMBEDDING.search(name):
            return 0.3 * x
        fan_in = shape[0] if "output_upscaling" in name else math.prod(shape[1:])
        return x / math.sqrt(fan_in)

    return {name: draw(name, shape) for name, shape in table.items()}
