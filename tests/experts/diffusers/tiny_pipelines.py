"""Tiny pipelines of the real classes with random weights, saved to a folder. Needs torch, diffusers, transformers."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    DDIMScheduler,
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    FluxKontextPipeline,
    FluxPipeline,
    FluxTransformer2DModel,
    QwenImageEditPipeline,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
    Qwen2VLProcessor,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)
from transformers.processing_utils import ProcessorMixin

WIDTH = 32
CLIP_LIMIT = 77


def byte_letters() -> list[str]:
    """The 256 letters by which byte-level tokenizers spell bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [n for n in range(256) if n not in plain]
    return [chr(n) for n in plain] + [chr(256 + i) for i in range(len(rest))]


def clip_tokenizer() -> CLIPTokenizer:
    letters = byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: i for i, word in enumerate(words)},
        merges=[],
        model_max_length=CLIP_LIMIT,
        pad_token="<|endoftext|>",
    )


def clip_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            projection_dim=WIDTH,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=CLIP_LIMIT,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    ).eval()


def small_vae(latent_channels: int) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=latent_channels,
        norm_num_groups=8,
        shift_factor=0.1,
        scaling_factor=0.3,
    ).eval()


def stable_diffusion(cls: type[DiffusionPipeline], in_channels: int = 4) -> DiffusionPipeline:
    tokenizer = clip_tokenizer()
    unet = UNet2DConditionModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=32,
        in_channels=in_channels,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    ).eval()
    return cls(
        vae=small_vae(4),
        text_encoder=clip_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(
            beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def flux(cls: type[DiffusionPipeline]) -> DiffusionPipeline:
    tokenizer = clip_tokenizer()
    pieces = ["<pad>", "</s>", "<unk>", "▁", *(chr(n) for n in range(33, 127)), *("▁" + chr(n) for n in range(97, 123))]
    tokenizer_2 = T5TokenizerFast(vocab=[(piece, -1.0 - (len(piece) == 1)) for piece in pieces], extra_ids=10)
    tokenizer_2.model_max_length = 512
    return cls(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=small_vae(4),
        text_encoder=clip_encoder(tokenizer),
        tokenizer=tokenizer,
        text_encoder_2=T5EncoderModel(
            T5Config(
                vocab_size=len(tokenizer_2),
                d_model=WIDTH,
                d_kv=8,
                d_ff=37,
                num_layers=2,
                num_heads=4,
                relative_attention_num_buckets=8,
            )
        ).eval(),
        tokenizer_2=tokenizer_2,
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=WIDTH,
            axes_dims_rope=(4, 4, 8),
        ).eval(),
    )


class ImageOnlyProcessor(Qwen2VLProcessor):
    """Qwen's processor without its video half, which needs torchvision."""

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None):
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)


def qwen_image_edit(cls: type[DiffusionPipeline] = QwenImageEditPipeline) -> DiffusionPipeline:
    letters = byte_letters()
    tokenizer = Qwen2Tokenizer(vocab={letter: i for i, letter in enumerate(letters)}, merges=[])
    special = [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ]
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    tokenizer.pad_token, tokenizer.eos_token = "<|endoftext|>", "<|im_end|>"
    ids = dict(zip(special, tokenizer.convert_tokens_to_ids(special), strict=True))
    text_config = {
        "hidden_size": WIDTH,
        "intermediate_size": 37,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 32768,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1, 1, 2]},
        "bos_token_id": None,
        "eos_token_id": None,
    }
    vision_config = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 37,
        "num_heads": 2,
        "out_hidden_size": WIDTH,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        text_config=text_config,
        vision_config=vision_config,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    return cls(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 1],
            num_res_blocks=1,
            attn_scales=[],
            temperal_downsample=[False],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ).eval(),
        text_encoder=Qwen2_5_VLForConditionalGeneration(config).eval(),
        tokenizer=tokenizer,
        processor=ImageOnlyProcessor(Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=56 * 56), tokenizer),
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            axes_dims_rope=(4, 4, 8),
        ).eval(),
    )


def sees_harm_everywhere() -> StableDiffusionSafetyChecker:
    """A safety checker whose thresholds every picture exceeds."""
    config = CLIPConfig(
        projection_dim=WIDTH,
        vision_config={
            "hidden_size": WIDTH,
            "intermediate_size": 37,
            "num_hidden_layers": 1,
            "num_attention_heads": 4,
            "image_size": 32,
            "patch_size": 16,
        },
    )
    checker = StableDiffusionSafetyChecker(config).eval()
    torch.nn.init.constant_(checker.concept_embeds_weights, -2.0)
    return checker


def unsafe_stable_diffusion() -> DiffusionPipeline:
    parts = stable_diffusion(StableDiffusionPipeline).components
    parts["safety_checker"] = sees_harm_everywhere()
    parts["feature_extractor"] = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    return StableDiffusionPipeline(**parts)


class NeedsMemory(StableDiffusionPipeline):
    """Has memory for `room` pictures a call; for more it asks the allocator for what nobody has."""

    room = 1
    calls: list[int]

    def __call__(
        self, prompt=None, height=None, width=None, num_inference_steps=2, generator=None, callback_on_step_end=None
    ):
        number = len(prompt) if isinstance(prompt, list) else 1
        self.calls.append(number)
        if number > self.room:
            torch.empty(2**60, dtype=torch.uint8)
        return super().__call__(
            prompt,
            height=height,
            width=width,
            num_inference_steps=num_inference_steps,
            generator=generator,
            callback_on_step_end=callback_on_step_end,
        )


class Silent(StableDiffusionPipeline):
    """Tells nobody of its steps."""

    def __call__(self, prompt=None, height=None, width=None, num_inference_steps=2, generator=None):
        return super().__call__(
            prompt, height=height, width=width, num_inference_steps=num_inference_steps, generator=generator
        )


RECIPES = {
    "sd": lambda: stable_diffusion(StableDiffusionPipeline),
    "sd-inpaint": lambda: stable_diffusion(StableDiffusionInpaintPipeline, in_channels=9),
    "ip2p": lambda: stable_diffusion(StableDiffusionInstructPix2PixPipeline, in_channels=8),
    "flux": lambda: flux(FluxPipeline),
    "kontext": lambda: flux(FluxKontextPipeline),
    "qwen-edit": qwen_image_edit,
    "qwen-edit-plus": lambda: qwen_image_edit(QwenImageEditPlusPipeline),
    "sd-unsafe": unsafe_stable_diffusion,
}


def save(recipe: str, folder: Path) -> Path:
    """Build the pipeline of this recipe, the same weights each time, and save it."""
    torch.manual_seed(0)
    pipe = RECIPES[recipe]()
    pipe.save_pretrained(folder, safe_serialization=True)
    assert json.loads((folder / "model_index.json").read_text())["_class_name"] == type(pipe).__name__
    return folder
