.PHONY: demo test soak build bench picture clean

# The local OCR engine and the languages in which it reads.
TESSERACT = tesseract:tesseract-ocr eng:tesseract-ocr-eng deu:tesseract-ocr-deu chi_sim:tesseract-ocr-chi-sim

# A workspace, an OCR engine and the bot on this machine; nothing to set up.
# With MODELVERSE_API_KEY or OCR_BASE_URL set it reads with that endpoint.
demo: build
	@[ -n "$$MODELVERSE_API_KEY$$OCR_API_KEY$$OCR_BASE_URL" ] || \
		grep -qsE '^(MODELVERSE|OCR)_API_KEY=.' .env || ./.ci/install $(TESSERACT)
	@./.ci/install pdftoppm:poppler-utils tiff2rgba:libtiff-tools heif-convert:libheif-examples
	@./bin/bot demo

# All tests, with what they need. TESTFLAGS=-race looks for data races too. cmd/bot takes
# longest and mostly waits, so it goes first, beside as many packages as there are processors.
PACKAGES = ./cmd/bot ./...
test:
	@./.ci/install $(TESSERACT) chromium:chromium pdftoppm:poppler-utils tiff2rgba:libtiff-tools heif-convert:libheif-examples
	@node=$$(./.ci/node) && PATH=$$node:$$PATH \
		go test -p $$(($$(getconf _NPROCESSORS_ONLN) + 1)) $(TESTFLAGS) -count=1 -timeout 15m $(PACKAGES)

# The real program killed 100 times while it reads 200 images, floods of two minutes, and
# three replicas on a NATS cluster that loses servers.
soak:
	FLOOD=2m go test -count=1 -timeout 30m -run OnePersonSilencesNobody -v ./bot
	KILLS=100 IMAGES=200 go test -count=1 -timeout 30m -run Killed -v ./cmd/bot
	CLUSTER_IMAGES=200 CLUSTER_THOUSAND=1 go test -count=1 -timeout 30m -run Cluster -v ./cmd/bot

# Nothing of the machine is in the binary: the same commit and the same Go make the same
# bytes anywhere.
BIN = bin/bot
build:
	@echo 'Building $(BIN); the first time takes about a minute'
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(BIN) ./cmd/bot

# The figures of docs/BENCHMARKS.md.
bench:
	@./.ci/install $(TESSERACT) pdftoppm:poppler-utils tiff2rgba:libtiff-tools heif-convert:libheif-examples
	go test -run '^$$' -bench . -benchmem ./...

# The picture of the README.
picture:
	@./.ci/install $(TESSERACT) chromium:chromium
	PICTURE=$(CURDIR)/docs/demo.gif go test -count=1 -run PictureOfTheREADME -v ./cmd/bot

clean:
	rm -rf bin
