package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os/exec"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/tempfile"
)

// checkDecoder opens a picture in a separate process, as the bot does.
func checkDecoder(ctx context.Context) finding {
	picture, err := checkPage()
	if err == nil {
		err = openPage(ctx, picture.Data)
	}
	if err != nil {
		return failed("decoder", "it can't open a picture: "+err.Error(), "Make sure that the program may start itself and write to TMPDIR.")
	}
	return passed("decoder", "it opened a picture in a separate process")
}

// checkConfinement says which protections hold if a file takes over the
// process that opens it. If the kernel supports fewer, the bot still works.
func checkConfinement(ctx context.Context) finding {
	decoder, err := newDecoder(true, 0)
	if err != nil {
		return failed("confinement", err.Error(), "")
	}
	holds, err := decoder.Confined(ctx)
	if err != nil {
		return failed("confinement", "can't tell what is confined here: "+err.Error(), "Make sure that the program may start itself.")
	}
	const limits = "processes that open files have limits of memory and time"
	switch {
	case holds.Files && holds.Calls:
		return passed("confinement", limits+", no network, and no files but their own and the system's; foreign programs can start no process")
	case holds.Calls:
		return passed("confinement", limits+" and no network; but they can read what the bot can read, since this kernel has no Landlock (Linux 5.13 or later has)")
	case holds.Files:
		return passed("confinement", limits+", and no files but their own and the system's; but they have the network, since seccomp is off here")
	}
	return passed("confinement", limits+"; nothing else confines them here (Linux 5.13 or later has Landlock and seccomp)")
}

// checkPoppler opens a PDF of one page.
func checkPoppler(ctx context.Context) finding {
	switch err := openPage(ctx, blankPDF()); {
	case errors.Is(err, page.ErrNoTool):
		return failed("poppler", "not installed, so PDFs can't be read", "Install poppler-utils: pdfinfo and pdftoppm must be in PATH.")
	case err != nil:
		return failed("poppler", "it can't open a PDF: "+err.Error(), "Reinstall poppler-utils and make sure that pdftoppm works.")
	}
	return passed("poppler", "it drew a page of a PDF")
}

// checkLibtiff opens a TIFF file that only libtiff reads: grey, with two bits
// per pixel.
func checkLibtiff(ctx context.Context) finding {
	const width, height, bits, photometric = 256, 257, 258, 262
	file := pagetest.TIFF(binary.LittleEndian, false, []pagetest.TIFFTag{
		{ID: width, Values: []uint32{4}}, {ID: height, Values: []uint32{1}}, {ID: bits, Values: []uint32{2}}, {ID: photometric, Values: []uint32{1}},
	}, []byte{0b00_01_10_11})
	switch err := openPage(ctx, file); {
	case errors.Is(err, page.ErrNoTool):
		return failed("libtiff", "not installed, so many TIFF files can't be read", "Install libtiff-tools: tiff2rgba must be in PATH.")
	case err != nil:
		return failed("libtiff", "it can't open a TIFF file: "+err.Error(), "Reinstall libtiff-tools and make sure that tiff2rgba works.")
	}
	return passed("libtiff", "it opened a scanner's TIFF file")
}

// checkLibheif opens a HEIC file that only libheif's program reads.
func checkLibheif(ctx context.Context) finding {
	const install = "Install libheif-examples: heif-convert must be in PATH."
	if _, err := exec.LookPath("heif-convert"); err != nil {
		return failed("libheif", "not installed, so HEIC photos take seconds longer and AVIF can't be read", install)
	}
	if err := openPage(ctx, pagetest.GreyHEIC); err != nil {
		return failed("libheif", "it can't open a HEIC file: "+err.Error(), "Reinstall libheif-examples and its decoder (libheif-plugin-libde265 on Debian 13 and Ubuntu).")
	}
	return passed("libheif", "it opened a HEIC file")
}

// checkTesseract reports the demo's engine, which the bot itself does not
// need.
func checkTesseract() finding {
	if _, err := exec.LookPath("tesseract"); err != nil {
		return passed("tesseract", "not installed; only `bot demo` needs it")
	}
	return passed("tesseract", "installed; only `bot demo` needs it")
}

func openPage(ctx context.Context, data []byte) error {
	decoder, err := newDecoder(true, 0)
	if err != nil {
		return err
	}
	f, err := tempfile.Create()
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	doc, err := decoder.Open(ctx, f, page.Options{})
	if err != nil {
		return err
	}
	_, err = doc.Page(ctx, 0)
	return errors.Join(err, doc.Close())
}

func blankPDF() []byte {
	var b pagetest.PDFBuilder
	content := b.Stream("", []byte("10 10 m 90 90 l S"))
	leaf := b.Object("<< /Type /Page /Parent " + pagetest.PagesRef + " /MediaBox [0 0 100 100] /Contents " + content + " /Resources << >> >>")
	return b.File([]string{leaf}, 1, "")
}
