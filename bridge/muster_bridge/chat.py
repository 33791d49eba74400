"""Prompts for chat models: as the model's own template says, or as turns for a server that has the template."""

import json

from .errors import MusterError

MESSAGES = "messages"


def chat_writer(source):
    """What writes turns as prompts; `source` is a tokenizer's name or folder, `messages`, or None."""
    if source is None:
        return NoChat()
    return Turns() if source == MESSAGES else TokenizerTemplate(source)


class NoChat:
    """Nothing says how."""

    name = ""
    template = ""

    def write(self, turns, is_complete):
        raise MusterError(
            "unsupported",
            "nothing says which chat template to apply",
            "Add tokenizer=NAME_OR_FOLDER to the model's arguments, or chat=messages for servers that have the template.",
        )


class Turns:
    """JSON of the turns themselves."""

    name = MESSAGES
    template = ""

    def write(self, turns, is_complete):
        return json.dumps(turns, ensure_ascii=False)


class TokenizerTemplate:
    """The template of a tokenizer, applied by the transformers library as the harness's own models do."""

    def __init__(self, source):
        try:
            from transformers import AutoTokenizer
        except ModuleNotFoundError as error:
            raise MusterError(
                "unsupported", "chat templates need the Python package transformers", "Run `muster bridge install transformers`."
            ) from error
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError) as error:
            raise MusterError("notFound", f"there is no tokenizer {source}: {error}") from error
        self.name = str(self._tokenizer.name_or_path).replace("/", "__")

    @property
    def template(self):
        return self._tokenizer.get_chat_template()

    def write(self, turns, is_complete):
        from jinja2.exceptions import TemplateError

        try:
            return self._apply(turns, is_complete)
        except TemplateError:
            # Some templates know no system role; the harness then leaves it out.
            return self._apply([turn for turn in turns if turn["role"] != "system"], is_complete)

    def _apply(self, turns, is_complete):
        return self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=is_complete, continue_final_message=not is_complete
        )
