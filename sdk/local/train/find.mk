# The finder's networks; included by Makefile. FIND.md says what happens here.

FINDER       := ../internal/find
PHOTOS       ?= 12000
FIND_MINUTES ?= 40
FIND         := $(PYTHON) find_train.py

.PHONY: find find-photos find-train find-mend find-release find-export find-table

find: find-photos find-train find-release find-export find-mend find-release find-export find-table ## the finder, in order

find-photos: ## photos of specimens, about 0.7 GB for 12,000
	mkdir -p $(WORK)
	cd ../../.. && nice -n 19 go run ./sdk/local/train/cmd/findset -out $(WORK)/find -n $(PHOTOS)
	cd ../../.. && nice -n 19 go run ./sdk/local/train/cmd/findset -out $(WORK)/find-tune -set tune -n 480

find-train: ## both networks, FIND_MINUTES each; goes on where it was stopped
	for k in locate align; do $(FIND) $$k --data $(WORK)/find --out $(WORK)/$$k.pt --minutes $(FIND_MINUTES) --threads $(THREADS) || exit 1; done

find-mend: ## half as long again on the mistakes of the exported networks
	cd ../../.. && nice -n 19 go run ./sdk/local/train/cmd/finddecoys -out $(WORK)/find -n 4000
	for k in locate align; do mv $(WORK)/$$k.pt $(WORK)/$$k-first.pt && $(FIND) $$k --data $(WORK)/find --out $(WORK)/$$k.pt --init $(WORK)/$$k-first.pt --rate 1e-3 --seed 2 --minutes $$(($(FIND_MINUTES) / 2)) --threads $(THREADS) || exit 1; done

find-release: ## half-precision checkpoints from the runs
	for k in locate align; do $(PYTHON) find_export.py release $(WORK)/$$k.pt checkpoints/$$k.pt.xz || exit 1; done

find-export: ## the weights that package find embeds, and its test vectors
	mkdir -p $(FINDER)/weights $(FINDER)/testdata
	for k in locate align; do $(PYTHON) find_export.py weights checkpoints/$$k.pt.xz $(FINDER)/weights/$$k.bin || exit 1; done
	$(PYTHON) find_export.py vectors $(WORK)/find-tune $(FINDER)/testdata/vectors.json checkpoints/locate.pt.xz checkpoints/align.pt.xz

find-table: ## what is found on the test set
	cd ../../.. && IDREC_SOAK=1 nice -n 19 go test -run TestFindTable -timeout 4h -v ./sdk/local/internal/find
