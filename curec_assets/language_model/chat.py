"""From a prompt to the token ids a model reads, through the model's own chat template."""

from transformers import PreTrainedTokenizerBase

from curec_assets.language_model.prompts import Prompt


def prompt_tokens(tokenizer: PreTrainedTokenizerBase, prompt: Prompt, max_tokens: int) -> list[int]:
    """Token ids of ``prompt``, ready to be continued by the model.

    The turns up to the question are held to ``max_tokens`` by cutting the end of the last of them; an answer already
    begun (a last ``assistant`` turn) is never cut and comes on top.

    Raises:
        ValueError: the chat template alone is longer than ``max_tokens``.
    """
    begun = prompt[-1][1] if prompt[-1][0] == "assistant" else None
    asked = prompt[:-1] if begun is not None else prompt
    ids = _render(tokenizer, asked)
    *before, (role, content) = asked
    words = tokenizer.encode(content, add_special_tokens=False)
    while len(ids) > max_tokens:
        if not words:
            raise ValueError(f"max_prompt_tokens is {max_tokens}, but the chat template alone takes {len(ids)}")
        words = words[: max(0, len(words) - (len(ids) - max_tokens))]
        asked = (*before, (role, tokenizer.decode(words)))
        ids = _render(tokenizer, asked)
    return ids if begun is None else _render(tokenizer, (*asked, ("assistant", begun)))


def answer_tokens(tokenizer: PreTrainedTokenizerBase, answer: str, max_tokens: int) -> list[int]:
    """Token ids of a full answer, cut to ``max_tokens``, with the end-of-turn token behind it."""
    return [*tokenizer.encode(answer, add_special_tokens=False)[: max_tokens - 1], tokenizer.eos_token_id]


def _render(tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> list[int]:
    messages = [{"role": role, "content": content} for role, content in prompt]
    begun = prompt[-1][0] == "assistant"
    return tokenizer.apply_chat_template(
        messages, add_generation_prompt=not begun, continue_final_message=begun, return_dict=False
    )
