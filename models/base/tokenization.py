from transformers import PreTrainedTokenizerFast


class TokenizerOfFile(PreTrainedTokenizerFast):
    """The tokenizer of tokenizer.json as it stands, with its own pre-tokenizer in place of Qwen2's."""
