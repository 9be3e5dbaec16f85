# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from core.installing.failures import explain_failure


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space",
            "disk is full",
        ),
        ("error: failed to write: No space left on device (os error 28)", "PARTS4D_DATA"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "the expected hash"),
        ("error: Hash mismatch for `tiny==1.0`", "the expected hash"),
        ("NewConnectionError(...): Failed to establish a new connection", "not be reached"),
        ("error: Request failed after 3 retries", "not be reached"),
        ("  Caused by: dns error", "--wheels FOLDER"),
        ("SSLError(SSLCertVerificationError(CERTIFICATE_VERIFY_FAILED", "SSL_CERT_FILE"),
        ("  Caused by: invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("ProxyError('Cannot connect to proxy.', OSError('407 Proxy", "HTTPS_PROXY"),
        ("ERROR: HTTP error 403 while getting x: 403 Client Error", "PIP_INDEX_URL"),
        ("ERROR: No matching distribution found for scipy==1.17.1", "Python 3.11 or 3.13"),
        ("  x No solution found when resolving dependencies:", "Python 3.11 or 3.13"),
        ("/usr/bin/python3: No module named pip", "python3-venv"),
        ("error: failed to create directory: Permission denied (os error 13)", "permissions"),
        ("something else.", "something else"),
    ],
)
def test_what_pip_and_uv_say_becomes_a_sentence(line, sentence):
    error = explain_failure(["Collecting scipy", line, ""])
    assert sentence in str(error) and error.remedy and "Traceback" not in str(error)
