# A thin list of commands; where there is no make, type the part after $(PYTHON) by hand.
PYTHON ?= python3

.PHONY: demo quick test lint zip benchmark benchmark-speed clean

demo:
	"$$($(PYTHON) tools/setup_env.py --print-python)" -m demo.parse_demo --out build/demo

# Lint, types and unit tests.
quick:
	$(PYTHON) tools/run_tests.py --quick

test:
	$(PYTHON) tools/run_tests.py

lint:
	$(PYTHON) tools/lint.py

zip:
	$(PYTHON) tools/build_zip.py

# Quality on the demo, and on folders: make benchmark CHARACTERS=... SCANS=...
benchmark:
	"$$($(PYTHON) tools/setup_env.py --print-python)" -m benchmarks \
		$(if $(CHARACTERS),--characters "$(CHARACTERS)") $(if $(SCANS),--scans "$(SCANS)")

benchmark-speed:
	"$$($(PYTHON) tools/setup_env.py --print-python)" -m benchmarks.speed

clean:
	$(PYTHON) tools/clean.py
