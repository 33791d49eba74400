"""What is sent for a call of the harness, and what its answers become."""

import json
import unittest

from lm_eval.api.instance import Instance
from muster_bridge.calls import head_line, read_answer, sample_lines


def instance(kind, arguments, doc_id=0, task="t"):
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=(task, doc_id, 1))


class Calls(unittest.TestCase):
    def test_requests_of_one_document_travel_together_and_their_prompt_once(self):
        requests = [instance("loglikelihood", ("Q", answer), doc) for doc in (0, 1) for answer in (" a", " b")]
        self.assertEqual(json.loads(head_line("loglikelihood", requests))["samples"], 2)
        lines = [json.loads(line) for line in sample_lines("loglikelihood", requests)]
        self.assertEqual(lines[1], {"task": "t", "doc": 1, "requests": [["Q", " a"], [None, " b"]]})

    def test_every_text_survives(self):
        text = "\u2028 \x00 \U0001f600 \n \\ \" \x85"
        line = next(sample_lines("loglikelihood", [instance("loglikelihood", (text, text))]))
        self.assertTrue(line.isascii())
        self.assertNotIn("\n", line)
        self.assertEqual(json.loads(line)["requests"], [[text, text]])

    def test_generation_settings_keep_their_kinds(self):
        settings = {"until": ["\n"], "temperature": 1.0, "top_k": 1, "do_sample": True}
        line = next(sample_lines("generate_until", [instance("generate_until", ("Q", settings))]))
        self.assertEqual(repr(json.loads(json.loads(line)["requests"][0][1])), repr(settings))

    def test_answers_are_the_harness_s_own_kinds(self):
        line = json.loads('{"request": 0, "logprob": -0.0, "is_greedy": true}')
        self.assertEqual(repr(read_answer("loglikelihood", line)), "(-0.0, True)")
        self.assertEqual(repr(read_answer("loglikelihood_rolling", line)), "-0.0")
        self.assertEqual(read_answer("generate_until", {"request": 0, "text": "é"}), "é")

    def test_what_is_no_text_is_refused_by_name(self):
        with self.assertRaisesRegex(TypeError, "task t, document 3"):
            list(sample_lines("loglikelihood", [instance("loglikelihood", ("Q", None), 3)]))
