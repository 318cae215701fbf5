"""Sizes of a SAM and of its adapters (arXiv 2304.02643, appendix A; arXiv 2304.12620)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Config:
    embed_dim: int
    depth: int
    heads: int
    global_blocks: tuple[int, ...]
    image_size: int = 1024
    """Side of the images that enter, pixels."""
    table_size: int | None = None
    """Side of the images that the position tables were learned for; None: `image_size`."""
    patch_size: int = 16
    window: int = 14
    """Side of a window, patches."""
    out_channels: int = 256
    decoder_depth: int = 2
    decoder_heads: int = 8
    decoder_mlp: int = 2048
    iou_depth: int = 3
    iou_hidden: int = 256
    mask_channels: int = 16
    bottleneck: int | None = None
    """r of the encoder's adapters; None: embed_dim / 16."""
    decoder_bottleneck: int = 32
    scale: float = 0.5
    """Weight of the MLP adapters."""
    pad_before_norm: bool = False
    """Zero-pad the last windows before norm1 (the Med-SA goldens) instead of after it (SAM)."""

    @property
    def grid(self) -> int:
        return self.image_size // self.patch_size

    @property
    def table_grid(self) -> int:
        return (self.table_size or self.image_size) // self.patch_size

    @property
    def encoder_bottleneck(self) -> int:
        return self.bottleneck or max(4, round(self.embed_dim / 16))


configs = {
    "vit_b": Config(embed_dim=768, depth=12, heads=12, global_blocks=(2, 5, 8, 11)),
    "vit_l": Config(embed_dim=1024, depth=24, heads=16, global_blocks=(5, 11, 17, 23)),
    "vit_h": Config(embed_dim=1280, depth=32, heads=16, global_blocks=(7, 15, 23, 31)),
    "phantom": Config(
        embed_dim=192,
        depth=6,
        heads=6,
        global_blocks=(1, 3, 5),
        image_size=256,
        window=8,
        out_channels=128,
        decoder_mlp=512,
        iou_hidden=128,
    ),
}


def at_size(config: Config, image_size: int) -> Config:
    """The same model for images of another side: its tables keep their size and are resampled."""
    return replace(config, image_size=image_size, table_size=config.table_size or config.image_size)
