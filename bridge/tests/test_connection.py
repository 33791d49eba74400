"""Programs that are not Muster, or not there."""

import json
import os
import pathlib
import sys
import tempfile
import unittest

from muster_bridge.command import COMMAND_FILE, COMMAND_VARIABLE, find_command
from muster_bridge.connection import Connection
from muster_bridge.errors import MusterError


class Connecting(unittest.TestCase):
    def test_a_program_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(MusterError, "cannot start /no/such/muster: No such file"):
            Connection(["/no/such/muster"]).open()

    def test_a_program_that_ends_at_once_is_no_answer(self):
        with self.assertRaisesRegex(MusterError, "ended at once"):
            Connection([sys.executable, "-c", ""]).open()

    def test_a_refusal_keeps_its_sentence_and_way_out(self):
        refusal = json.dumps({"error": {"kind": "connection", "message": "nobody there", "wayOut": "Start one."}})
        with self.assertRaises(MusterError) as caught:
            Connection([sys.executable, "-c", f"print({refusal!r})"]).open()
        self.assertEqual((caught.exception.kind, caught.exception.way_out), ("connection", "Start one."))
        self.assertEqual(str(caught.exception), "nobody there\n  Start one.")

    def test_nothing_is_started_for_no_requests(self):
        self.assertEqual(Connection(["/no/such/muster"]).ask("loglikelihood", []), [])


    def test_the_word_for_going_on_is_in_the_sentence_and_goes_to_the_next_process(self):
        program = (
            "import sys, json; print(json.dumps({'ready': True}), flush=True); sys.stdin.readline();"
            "print(json.dumps({'resume': ' '.join(['abc', *sys.argv[1:]])}), flush=True)"
        )
        connection = Connection([sys.executable, "-c", program])
        for word in ("abc", "abc --resume abc"):
            with self.assertRaises(MusterError) as caught:
                connection.ask("loglikelihood", [Request()])
            self.assertIn(f"with resume={word} among the model's arguments (--resume {word}) goes on", caught.exception.way_out)


class Request:
    task_name = "made"
    doc_id = 0
    args = ("a", "b")


class Finding(unittest.TestCase):
    def setUp(self):
        self._before = {name: os.environ.pop(name, None) for name in (COMMAND_VARIABLE, "PATH")}
        self._prefix = sys.prefix
        self._folder = tempfile.TemporaryDirectory()
        sys.prefix = self._folder.name

    def tearDown(self):
        sys.prefix = self._prefix
        self._folder.cleanup()
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    def test_the_nearest_word_wins(self):
        with self.assertRaisesRegex(MusterError, "does not know where Muster is"):
            find_command()
        words = [sys.executable, __file__]
        pathlib.Path(sys.prefix, COMMAND_FILE).write_text(json.dumps({"command": words}))
        self.assertEqual(find_command(), words)
        os.environ[COMMAND_VARIABLE] = '["node", "main.ts"]'
        self.assertEqual(find_command(), ["node", "main.ts"])
        self.assertEqual(find_command("/opt/muster"), ["/opt/muster"])

    def test_a_note_of_a_muster_that_is_gone_is_not_followed(self):
        pathlib.Path(sys.prefix, COMMAND_FILE).write_text(json.dumps({"command": [sys.executable, "/gone/muster.cjs"]}))
        with self.assertRaisesRegex(MusterError, "muster bridge install"):
            find_command()
