package check

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"strings"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/tempfile"
)

// confinement says which protections hold if a file takes over the
// process that opens it. If the kernel supports fewer, the bot still works.
func (k *Checker) confinement(ctx context.Context) []Finding {
	const check, limits = "confinement", "processes that open files have limits of memory and time"
	holds, err := k.Decoder.Protections(ctx)
	switch {
	case err != nil:
		return failed(check, "can't tell what is confined here: "+err.Error(), "Make sure that the program may start itself.")
	case holds.Files && holds.Calls:
		return passed(check, limits+", no network, and no files but their own and the system's; foreign programs can start no process")
	case holds.Calls:
		return passed(check, limits+" and no network; but they can read what the bot can read, since this kernel has no Landlock (Linux 5.13 or later has)")
	case holds.Files:
		return passed(check, limits+", and no files but their own and the system's; but they have the network, since seccomp is off here")
	}
	return passed(check, limits+"; nothing else confines them here (Linux 5.13 or later has Landlock and seccomp)")
}

// A sample is a file that the bot must be able to open.
type sample struct {
	check    string
	programs []string // which must be in PATH
	missing  string   // what does not work without them
	install  string   // the package that has them
	file     string   // a description
	data     []byte
	remedy   string // if the programs are installed
}

// samples returns a file for the decoder alone, and a file for each package of
// programs that no other program opens.
func samples() []sample {
	return []sample{
		{
			check: "decoder", file: "a picture in a separate process", data: checkPNG,
			remedy: "Make sure that the program may start itself and write to TMPDIR.",
		},
		{
			check: "poppler", programs: []string{"pdfinfo", "pdftoppm"}, missing: "PDFs can't be read", install: "poppler-utils",
			file: "a PDF", data: pagetest.TextPDF(pagetest.Sheet{Width: 100, Height: 100, Rules: []pagetest.Rule{{X: 10, Y: 10, ToX: 90, ToY: 90}}}),
			remedy: "Reinstall poppler-utils.",
		},
		{
			check: "libtiff", programs: []string{"tiff2rgba"}, missing: "many TIFF files can't be read", install: "libtiff-tools",
			file: "a scanner's TIFF file", data: greyTIFF(), remedy: "Reinstall libtiff-tools.",
		},
		{
			check: "libheif", programs: []string{"heif-convert"}, missing: "HEIC photos and AVIF can't be read", install: "libheif-examples",
			file: "a HEIC file", data: pagetest.GreyHEIC,
			remedy: "Reinstall libheif-examples and its decoder (libheif-plugin-libde265 on Debian 13 and Ubuntu).",
		},
	}
}

// sample checks that the programs are installed, and opens the file.
func (k *Checker) sample(ctx context.Context, s sample) []Finding {
	for _, program := range s.programs {
		if _, err := exec.LookPath(program); err != nil {
			return failed(s.check, "not installed, so "+s.missing, "Install "+s.install+": "+strings.Join(s.programs, " and ")+" must be in PATH.")
		}
	}
	f, err := temporary(s.data)
	if err != nil {
		return notChecked(s.check, "TMPDIR")
	}
	defer f.Close()
	if err := k.open(ctx, f); err != nil {
		return failed(s.check, "it can't open "+s.file+": "+err.Error(), s.remedy)
	}
	return passed(s.check, "it opened %s", s.file)
}

// temporary returns a temporary file, which the caller must close.
func temporary(data []byte) (*os.File, error) {
	f, err := tempfile.Create()
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(data); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// open opens a file and its first page.
func (k *Checker) open(ctx context.Context, f *os.File) error {
	doc, err := k.Decoder.Open(ctx, f, page.Options{})
	if err != nil {
		return err
	}
	_, err = doc.Page(ctx, 0)
	return errors.Join(err, doc.Close())
}

// greyTIFF returns a TIFF file that only libtiff reads: grey, with two bits per
// pixel.
func greyTIFF() []byte {
	const width, height, bits, photometric = 256, 257, 258, 262
	return pagetest.TIFF(binary.LittleEndian, false, []pagetest.TIFFTag{
		{ID: width, Values: []uint32{4}}, {ID: height, Values: []uint32{1}}, {ID: bits, Values: []uint32{2}}, {ID: photometric, Values: []uint32{1}},
	}, []byte{0b00_01_10_11})
}
