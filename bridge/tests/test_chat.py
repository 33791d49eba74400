"""Chat templates: what a tokenizer's own library makes of them."""

import json
import tempfile
import unittest

from muster_bridge.chat import chat_writer
from muster_bridge.errors import MusterError
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

TEMPLATE = (
    "{% for m in messages %}"
    "{% if m['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "<{{ m['role'] }}>{{ m['content'] }}{{ eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
TURNS = [{"role": "user", "content": "日本?"}, {"role": "assistant", "content": "Yes,"}]
SYSTEM = {"role": "system", "content": "Be brief."}


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer(models.WordLevel({"<e>": 0}, unk_token="<e>")), eos_token="<e>"
        )
        tokenizer.chat_template = TEMPLATE
        tokenizer.save_pretrained(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_question_ends_with_the_begin_of_the_answer(self):
        writer = chat_writer(self.folder.name)
        self.assertEqual(writer.write(TURNS[:1], True), "<user>日本?<e><assistant>")
        self.assertEqual(writer.template, TEMPLATE)

    def test_a_begun_answer_is_left_open(self):
        self.assertEqual(chat_writer(self.folder.name).write(TURNS, False), "<user>日本?<e><assistant>Yes,")

    def test_a_template_without_a_system_role_gets_none(self):
        self.assertEqual(chat_writer(self.folder.name).write([SYSTEM, *TURNS[:1]], True), "<user>日本?<e><assistant>")

    def test_turns_can_go_as_they_are(self):
        self.assertEqual(json.loads(chat_writer("messages").write(TURNS, True)), TURNS)

    def test_what_is_missing_is_said(self):
        with self.assertRaisesRegex(MusterError, "tokenizer=NAME_OR_FOLDER"):
            chat_writer(None).write(TURNS, True)
        with self.assertRaisesRegex(MusterError, "there is no tokenizer /no/such"):
            chat_writer("/no/such")
