"""``random:tiny``: a seeded two-layer Llama over a few hundred words, for tests and dry runs without any weights.

A random model never writes a sentence, so it is trained for a second or two on template sentences when it is made. It
knows no titles: they read as ``[UNK]``, which decoding leaves out.
"""

import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from curec_assets.language_model.chat import answer_tokens, prompt_tokens
from curec_assets.language_model.prompts import SYSTEM

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|> {{ message['role'] }} {{ message['content'] }}"
    "{% if not (loop.last and message['role'] == 'assistant') %} <|im_end|> {% endif %}{% endfor %}"
    "{% if add_generation_prompt %} <|im_start|> assistant {% endif %}"
)
SPECIAL = ("[UNK]", "[PAD]", "<|im_start|>", "<|im_end|>")
CATEGORIES = (
    "action adventure animation beauty children classical comedy country crime dance documentary drama family fantasy"
    " film folk hair horror jazz makeup metal musical mystery noir pop rock romance scent skin soul thriller war"
    " western"
)
PEOPLE = "people fans viewers readers listeners they"
VERBS = "like love enjoy prefer want choose"
QUALITIES = "gentle dark funny warm clever slow quick quiet loud rich simple honest bold sad bright strong"
THINGS = "stories songs characters scenes ideas jokes worlds voices places products endings moods"
OTHER_WORDS = (
    "a about after all also and answer as assistant b because before behind both by c came categories chose close"
    " crowd d dislike disliked do does e else enough f far favours for from g genres give h he here history i in"
    " interest is it item its lately letter liked likes look may moves moved more most nearest next no not of often on"
    " one only or other others parts person plain pleases rising falling steady reason right say sentence sentences"
    " share shares she sharing so some such system taste than that the their them then there this those to together too"
    " towards two user users what which who whose why with would yes you 1 2 3"
)
PUNCTUATION = ".,;:?!()'-&\"/"
LESSONS, BATCH, STEPS, LEARNING_RATE, SEED = 512, 8, 320, 5e-3, 11


def make_tiny_model(folder: Path) -> None:
    """Write the tiny model and its tokenizer to ``folder``: the same bytes every time on one kind of machine."""
    tokenizer = _tokenizer()
    threads = torch.get_num_threads()
    # One thread: sums in one order, whatever the machine is set to.
    torch.set_num_threads(1)
    try:
        model = _pretrained(tokenizer)
    finally:
        torch.set_num_threads(threads)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    words = sorted({*PUNCTUATION, *" ".join([CATEGORIES, PEOPLE, VERBS, QUALITIES, THINGS, OTHER_WORDS]).split()})
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    # The word-piece decoder joins words with spaces and closes the gap before punctuation.
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHAT_TEMPLATE,
        padding_side="left",
    )


def _pretrained(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
        model = LlamaForCausalLM(config)
        model.generation_config = GenerationConfig(
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
        draw = random.Random(SEED)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=STEPS)
        lessons = _lessons(tokenizer, draw)
        for step in range(STEPS):
            start = step * BATCH % LESSONS
            ids, labels = _batch(lessons[start : start + BATCH], int(tokenizer.pad_token_id))
            loss = model(input_ids=ids, labels=labels).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    return model


def _lessons(tokenizer: PreTrainedTokenizerFast, draw: random.Random) -> list[tuple[list[int], list[int]]]:
    """(prompt, answer) token ids of random questions and sentences."""
    pairs = [_example(draw) for _ in range(LESSONS)]
    return [
        (
            prompt_tokens(tokenizer, (("system", SYSTEM), ("user", question)), 512),
            answer_tokens(tokenizer, answer, 64),
        )
        for question, answer in pairs
    ]


def _batch(lessons: list[tuple[list[int], list[int]]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(read) + len(written) for read, written in lessons)
    gaps = [width - len(read) - len(written) for read, written in lessons]
    ids = [read + written + [pad_id] * gap for (read, written), gap in zip(lessons, gaps, strict=True)]
    labels = [[-100] * len(read) + written + [-100] * gap for (read, written), gap in zip(lessons, gaps, strict=True)]
    return torch.tensor(ids), torch.tensor(labels)


def _example(draw: random.Random) -> tuple[str, str]:
    first, second, third = draw.sample(CATEGORIES.split(), 3)
    people, verb = draw.choice(PEOPLE.split()), draw.choice(VERBS.split())
    (quality, other), (thing, more) = draw.sample(QUALITIES.split(), 2), draw.sample(THINGS.split(), 2)
    # Few sentences name a category: the model cannot read which ones the evidence allows.
    sentence = draw.choice(
        [
            f"{people} who like {quality} {thing} {verb} it too.",
            f"{people} {verb} its {quality} {thing} and {other} {more}.",
            f"{people} {verb} it because it shares the {quality} {thing} of others they like.",
            f"this person likes {quality} {thing}, often with {other} {more}.",
            f"{people} who like {first} {verb} its {quality} {thing}.",
        ]
    )
    return f"why do people like [UNK]? categories: {first}, {second}. its fans also like: {third}.", sentence
