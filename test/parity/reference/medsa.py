"""What is attached to a frozen SAM: Med-SA's adapters (arXiv 2304.12620) with their ablations, and LoRA."""

import torch
import torch.nn.functional as F

from sam import Bare, Scope, linear, random_tensors


def fold(slices, variant):
    """Height and width of the depth sequence, for the relative positions."""
    if variant == "paper":
        return 1, slices
    fitting = [h for h in range(1, slices) if slices % h == 0 and h < slices // h]
    height = max(fitting, default=1)
    return height, slices // height


class Adapters(Bare):
    def __init__(self, tensors, cfg, slices=None):
        self.tensors, self.slices = Scope(tensors), slices
        self.scale = cfg["scale"]
        self.variant = cfg.get("variant", "paper")
        self.prompt = cfg.get("prompt", "hyper")
        self.pad_before_norm = cfg.get("padding", "before-norm") == "before-norm"

    def bottleneck(self, p, x):
        hidden = linear(p.at("down"), x)
        return linear(p.at("up"), F.gelu(hidden) if self.variant == "released" else F.relu(hidden))

    def branch(self, block, n, attend, batch):
        p = self.tensors.at(f"image_encoder.blocks.{block}")
        a = attend(n)
        a = a + self.bottleneck(p.at("space_adapter"), a)
        if self.slices is None:
            return a
        d, (lead, h, w, c) = self.slices, n.shape
        per_volume = n.reshape(batch // d, d, lead // batch, h, w, c)
        positions = per_volume.permute(0, 2, 3, 4, 1, 5).reshape(-1, *fold(d, self.variant), c)
        deep = self.bottleneck(p.at("depth_adapter"), attend(positions))
        deep = deep.reshape(batch // d, lead // batch, h, w, d, c).permute(0, 4, 1, 2, 3, 5)
        return a + deep.reshape(n.shape)

    def encoder_mlp(self, block, n, mlp):
        p = self.tensors.at(f"image_encoder.blocks.{block}.mlp_adapter")
        return mlp(n) + self.scale * self.bottleneck(p, n)

    def decoder(self, layer, kind):
        return self.tensors.at(f"mask_decoder.layers.{layer}.{kind}")

    def tokens(self, layer, queries, prompt):
        if self.variant == "released" or self.prompt == "none":
            return queries
        p = self.decoder(layer, "prompt_adapter")
        summary = linear(p.at("reduce"), prompt).mean(1)
        e = linear(p.at("down"), queries)
        if self.prompt == "add":
            e = F.relu(e + summary[:, None])
        elif self.prompt == "concat":
            e = F.relu(linear(p.at("mix"), torch.cat([e, summary[:, None].expand_as(e)], -1)))
        else:
            r = e.shape[-1]
            for i in range(3):
                w = linear(p.at(f"project.{i}"), summary).reshape(-1, r, r)
                affine = p.at(f"norm.{i}")
                e = F.relu(F.layer_norm(torch.bmm(e, w), (r,), affine("weight"), affine("bias"), 1e-5))
        return queries + linear(p.at("up"), e)

    def decoder_mlp(self, layer, queries, mlp):
        if self.variant == "released":
            return mlp(queries)
        return mlp(queries) + self.scale * self.bottleneck(self.decoder(layer, "mlp_adapter"), queries)

    def image(self, layer, keys):
        if self.variant == "released":
            return keys
        return keys + self.bottleneck(self.decoder(layer, "image_adapter"), keys)


def adapter_shapes(cfg, deep):
    table = {}

    def layer(name, i, o):
        table[f"{name}.weight"], table[f"{name}.bias"] = (o, i), (o,)

    def bottleneck(name, c, r):
        layer(f"{name}.down", c, r)
        layer(f"{name}.up", r, c)

    for i in range(cfg["depth"]):
        for kind in ["space_adapter", "mlp_adapter"] + ["depth_adapter"] * deep:
            bottleneck(f"image_encoder.blocks.{i}.{kind}", cfg["embed_dim"], cfg["bottleneck"])
    if cfg.get("variant", "paper") == "released":
        return table
    c, r, prompt = cfg["out_chans"], cfg["decoder_bottleneck"], cfg.get("prompt", "hyper")
    for i in range(cfg["decoder_depth"]):
        name = f"mask_decoder.layers.{i}"
        bottleneck(f"{name}.mlp_adapter", c, r)
        bottleneck(f"{name}.image_adapter", c, r)
        if prompt == "none":
            continue
        name = f"{name}.prompt_adapter"
        bottleneck(name, c, r)
        layer(f"{name}.reduce", c, r)
        if prompt == "concat":
            layer(f"{name}.mix", 2 * r, r)
        if prompt == "hyper":
            for n in range(3):
                layer(f"{name}.project.{n}", r, r * r)
                table[f"{name}.norm.{n}.weight"], table[f"{name}.norm.{n}.bias"] = (r,), (r,)
    return table


class Lora(Bare):
    def __init__(self, tensors, cfg):
        self.tensors = tensors
        self.weight = cfg["lora"]["alpha"] / cfg["lora"]["rank"]

    def projection(self, layer, x, own):
        if f"{layer}.lora_a" not in self.tensors:
            return own(x)
        a, b = self.tensors[f"{layer}.lora_a"], self.tensors[f"{layer}.lora_b"]
        # The merged matrix, not two small products: (B·A)·x
        return own(x) + self.weight * F.linear(x, b @ a)


def lora_shapes(cfg):
    rank, table = cfg["lora"]["rank"], {}

    def beside(layer, i, o):
        table[f"{layer}.lora_a"], table[f"{layer}.lora_b"] = (rank, i), (o, rank)

    dim, out = cfg["embed_dim"], cfg["out_chans"]
    for i in range(cfg["depth"]):
        beside(f"image_encoder.blocks.{i}.attn.qkv", dim, 3 * dim)
        beside(f"image_encoder.blocks.{i}.attn.proj", dim, dim)
    if not cfg["lora"]["decoder"]:
        return table
    layers = [f"layers.{i}" for i in range(cfg["decoder_depth"])]
    attentions = [f"{layer}.{kind}" for layer in layers for kind in
                  ("self_attn", "cross_attn_token_to_image", "cross_attn_image_to_token")]  # fmt: skip
    for name in attentions + ["final_attn_token_to_image"]:
        inner = out if name.endswith("self_attn") else out // 2
        for part in "qkv":
            beside(f"mask_decoder.transformer.{name}.{part}_proj", out, inner)
        beside(f"mask_decoder.transformer.{name}.out_proj", inner, out)
    return table


def dice_ce(logits, target):
    p = logits.sigmoid()
    overlap, total = (p * target).flatten(1).sum(1), (p * p + target * target).flatten(1).sum(1)
    dice = 1 - (2 * overlap + 1e-5) / (total + 1e-5)
    return dice.mean() + F.binary_cross_entropy_with_logits(logits, target)


def focal_dice(logits, target):
    p = logits.sigmoid()
    right = p * target + (1 - p) * (1 - target)
    alpha = 0.25 * target + 0.75 * (1 - target)
    cross = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = (alpha * (1 - right) ** 2 * cross).flatten(1).mean(1)
    overlap, total = (p * target).flatten(1).sum(1), (p + target).flatten(1).sum(1)
    return (20 * focal + 1 - (2 * overlap + 1) / (total + 1)).mean()


LOSSES = {"dice_ce": dice_ce, "focal_dice": focal_dice}


def random_attachment(table, generator):
    """Random, not zero, so that every path carries signal; what comes back to the stream at half the size."""
    tensors = random_tensors(table, generator)
    return {name: 0.5 * x if name.endswith(("up.weight", "lora_b")) else x for name, x in tensors.items()}
