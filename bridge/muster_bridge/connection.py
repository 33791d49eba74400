"""The Muster process beside the harness."""

import json
import subprocess
import threading

from .calls import head_line, read_answer, sample_lines
from .errors import MusterError

_MISSING = object()


class Connection:
    """A long-lived `muster bridge requests`: calls go in, answers come out, progress is on standard error."""

    def __init__(self, command):
        self._command = command
        self._process = None
        self._resume = None

    def open(self):
        """Starts Muster and waits until it has found its coordinator, so that what is wrong is told before prompts are
        made. Raises MusterError."""
        self._process = process = self._start()
        line = process.stdout.readline()
        if not line:
            raise MusterError("internal", f"{' '.join(self._command)} ended at once ({self._close()})")
        message = json.loads(line)
        if "error" in message:
            raise self._failed(message["error"])

    def ask(self, kind, requests):
        """Answers to the requests of one call, in their order. Raises MusterError."""
        if not requests:
            return []
        if self._process is None or self._process.poll() is not None:
            self.open()
        process = self._process
        answers = [_MISSING] * len(requests)
        failure = []
        # Muster may refuse while requests are still being written; reading must not wait for the writing.
        writer = threading.Thread(target=_write, args=(process.stdin, kind, requests, failure), daemon=True)
        writer.start()
        for line in process.stdout:
            message = json.loads(line)
            if "error" in message:
                error = self._failed(message["error"])
                raise failure[0] if failure else error
            if "resume" in message:
                self._resume = message["resume"]
                continue
            if "done" in message:
                writer.join()
                return _complete(answers)
            answers[message["request"]] = read_answer(kind, message)
        code = self._close()
        if failure:
            raise failure[0]
        raise MusterError(
            "interrupted",
            f"the Muster process beside the harness ended ({code}) before it had answered",
            f"What was answered is kept; the same command{self._word()} goes on from there.",
        )

    def _start(self):
        # Without this word, a process that takes the place of another would find none of its answers.
        command = [*self._command, "--resume", self._resume] if self._resume else self._command
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        except OSError as error:
            raise MusterError("notFound", f"cannot start {self._command[0]}: {error.strerror}") from error

    def _word(self):
        return f" with resume={self._resume} among the model's arguments (--resume {self._resume})" if self._resume else ""

    def _failed(self, error):
        # It may not have read all that is being written to it, and does nothing more.
        self._process.terminate()
        self._close()
        return MusterError(error["kind"], error["message"], error["wayOut"])

    def _close(self):
        process, self._process = self._process, None
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        process.stdout.close()
        return process.wait()


def _write(stream, kind, requests, failure):
    try:
        stream.write(head_line(kind, requests) + "\n")
        for line in sample_lines(kind, requests):
            stream.write(line + "\n")
        stream.flush()
    except BrokenPipeError:
        # It has said why, or its end will be noticed.
        pass
    except Exception as error:  # told by the thread that waits for answers
        failure.append(error)
        stream.close()


def _complete(answers):
    missing = sum(1 for answer in answers if answer is _MISSING)
    if missing:
        raise MusterError("internal", f"{missing} of {len(answers)} requests came back without an answer")
    return answers
