# A thin list of commands; where there is no make, type the part after $(PYTHON) by hand.
PYTHON ?= python3

.PHONY: demo test lint zip benchmark clean

demo:
	"$$($(PYTHON) tools/setup_env.py --print-python)" -m demo.parse_demo --out build/demo

test:
	$(PYTHON) tools/run_tests.py

lint:
	$(PYTHON) tools/lint.py

zip:
	$(PYTHON) tools/build_zip.py

benchmark:
	"$$($(PYTHON) tools/setup_env.py --print-python)" -m benchmarks

clean:
	$(PYTHON) tools/clean.py
