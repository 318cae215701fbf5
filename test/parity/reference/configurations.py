"""Configurations that goldens are made for. Each is the config.json of its folder; what they are for stands beside them."""

SMALL = {
    "image_size": 40, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "global_attn_indexes": [1],
    "window_size": 3, "out_chans": 16, "decoder_depth": 2, "decoder_heads": 2, "decoder_mlp_dim": 32,
    "iou_head_depth": 3, "iou_head_hidden_dim": 16, "mask_in_chans": 16, "bottleneck": 6, "decoder_bottleneck": 6,
    "scale": 0.5, "volumes": 1, "slices": 5, "padding": "after-norm",
}  # fmt: skip

DECODER = {
    "out_chans": 256, "decoder_depth": 2, "decoder_heads": 8, "decoder_mlp_dim": 2048, "iou_head_depth": 3,
    "iou_head_hidden_dim": 256, "mask_in_chans": 16, "decoder_bottleneck": 32,
    "patch_size": 16, "window_size": 14, "scale": 0.5, "volumes": 1, "slices": 2, "padding": "after-norm",
}  # fmt: skip
VIT_B = {**DECODER, "embed_dim": 768, "depth": 12, "num_heads": 12, "global_attn_indexes": [2, 5, 8, 11], "bottleneck": 48}
VIT_L = {**DECODER, "embed_dim": 1024, "depth": 24, "num_heads": 16, "global_attn_indexes": [5, 11, 17, 23], "bottleneck": 64}
VIT_H = {**DECODER, "embed_dim": 1280, "depth": 32, "num_heads": 16, "global_attn_indexes": [7, 15, 23, 31], "bottleneck": 80}

CONFIGURATIONS = {
    # Grid 5, windows of 3 with SAM's own padding, a prime number of slices, LoRA everywhere.
    "odd": {**SMALL, "lora": {"rank": 3, "alpha": 6, "decoder": True}},
    # Grid 7, windows of 4, one block, an even number of slices in two volumes, prompts added.
    "add": {**SMALL, "image_size": 56, "depth": 1, "global_attn_indexes": [], "window_size": 4, "volumes": 2,
            "slices": 6, "prompt": "add", "num_heads": 3},
    # Windows that divide the grid, three blocks, volumes of one slice, prompts concatenated.
    "concat": {**SMALL, "image_size": 48, "depth": 3, "global_attn_indexes": [2], "volumes": 2, "slices": 1,
               "prompt": "concat"},
    # No prompt adapter, windows of 2 padded before the norm, one decoder layer, LoRA in the encoder only.
    "none": {**SMALL, "window_size": 2, "depth": 5, "global_attn_indexes": [4], "decoder_depth": 1, "slices": 2,
             "volumes": 2, "prompt": "none", "padding": "before-norm", "iou_head_depth": 2,
             "lora": {"rank": 2, "alpha": 1, "decoder": False}},
    # The released variant; six slices fold to 2x3.
    "released": {**SMALL, "variant": "released", "prompt": "none", "slices": 6},
    # The released variant; twelve slices fold to 3x4; six blocks with global attention only.
    "released12": {**SMALL, "variant": "released", "prompt": "none", "slices": 12, "depth": 6,
                   "global_attn_indexes": [0, 1, 2, 3, 4, 5]},
    # Windows larger than the grid, wide heads, a scale of one.
    "wide": {**SMALL, "image_size": 24, "window_size": 4, "num_heads": 1, "embed_dim": 40, "out_chans": 24,
             "decoder_heads": 3, "scale": 1.0, "slices": 4, "prompt": "hyper"},
    "vit_b": {**VIT_B, "image_size": 1024},
    "vit_b_256": {**VIT_B, "image_size": 256, "slices": 3, "lora": {"rank": 8, "alpha": 8, "decoder": True}},
    "vit_b_released_256": {**VIT_B, "image_size": 256, "slices": 6, "bottleneck": 192, "variant": "released",
                           "prompt": "none"},
    "vit_l_256": {**VIT_L, "image_size": 256},
    "vit_h_256": {**VIT_H, "image_size": 256},
}  # fmt: skip
