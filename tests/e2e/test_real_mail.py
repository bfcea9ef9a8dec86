# SPDX-License-Identifier: Apache-2.0
"""test_real_mail: every mail of the SpamAssassin set through the running service, from the Python client, hundreds in
flight: as many verdicts as mails, none lost, none twice, the scores of `furui eval`. Prints no mail, only numbers."""

import os
import subprocess
import time
import unittest

import corpora
import service
from service import B, BUNDLE, SLOW, Case, Service, memory_kb

import furui

FOLDER, WHY = corpora.find("spamassassin")


@unittest.skipUnless(FOLDER, WHY)
class RealMail(Case):
    def eval_scores(self, where):
        """The six-decimal scores of furui eval, in index order."""
        path = os.path.join(where, "scores")
        subprocess.run([os.path.join(B, "furui"), "eval", "--index", os.path.join(FOLDER, "index"), "--bundle", BUNDLE,
                        "--scores", path], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       timeout=280 * SLOW)
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            return [float(line.rsplit(None, 1)[1]) for line in f]

    def test_every_mail_has_the_score_of_eval(self):
        entries = corpora.index(FOLDER)
        if SLOW > 1:  # sanitisers: a part is enough
            entries = entries[::7]
        mails = []
        for _, path in entries:
            with open(os.path.join(FOLDER, path), "rb") as f:
                mails.append(f.read())
        with Service() as s:
            s.start()
            want = self.eval_scores(s.dir)[:: 7 if SLOW > 1 else 1]
            self.assertEqual(len(want), len(mails))
            answers = {}
            begun = time.monotonic()
            with furui.Client(s.endpoint, deadline_ms=30000 * SLOW, in_flight=400) as client:
                for tag, message in enumerate(mails):
                    client.submit(message, tag=tag)
                for answer in client.collect():
                    answers.setdefault(answer.tag, []).append(answer)
            took = time.monotonic() - begun
            self.assertEqual(sorted(answers), list(range(len(mails))), "mails without an answer")
            self.assertEqual([t for t, a in answers.items() if len(a) != 1], [], "mails with two answers")
            wrong = [a[0].get("why") for a in answers.values() if not a[0].is_verdict]
            self.assertEqual(wrong, [])
            differ = [tag for tag, a in answers.items() if abs(a[0]["score"] - want[tag]) > 0.0000015]
            self.assertEqual(differ, [], "mails whose score differs from that of furui eval")
            degraded = sum("degraded" in a[0] for a in answers.values())
            print("# %d verdicts in %.1f s, %.0f/s; %d degraded; private memory of the workers: %s KB" % (
                len(answers), took, len(answers) / took, degraded, ", ".join(str(memory_kb(p)) for p in s.workers())))


if __name__ == "__main__":
    service.main()
