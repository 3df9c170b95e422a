package check

import (
	"context"
	"encoding/binary"
	"errors"
	"os/exec"
	"strings"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/tempfile"
)

// decoder opens a picture in a separate process, as the bot does.
func (k *Checker) decoder(ctx context.Context) Finding {
	if err := k.openPage(ctx, checkPNG); err != nil {
		return failed("decoder", "it can't open a picture: "+err.Error(), "Make sure that the program may start itself and write to TMPDIR.")
	}
	return passed("decoder", "it opened a picture in a separate process")
}

// confinement says which protections hold if a file takes over the
// process that opens it. If the kernel supports fewer, the bot still works.
func (k *Checker) confinement(ctx context.Context) Finding {
	holds, err := k.Decoder.Protections(ctx)
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

// A tool is a package of programs that open some files.
type tool struct {
	name, packages string
	programs       []string // which must be in PATH
	missing        string   // what does not work without them
	file           string   // kind of the sample
	sample         []byte   // a file that only these programs open
	hint           string   // what else to reinstall
}

// tool checks that the programs are installed, and lets them open the sample.
func (k *Checker) tool(t tool) func(context.Context) Finding {
	return func(ctx context.Context) Finding {
		for _, program := range t.programs {
			if _, err := exec.LookPath(program); err != nil {
				return failed(t.name, "not installed, so "+t.missing, "Install "+t.packages+": "+strings.Join(t.programs, " and ")+" must be in PATH.")
			}
		}
		if err := k.openPage(ctx, t.sample); err != nil {
			return failed(t.name, "it can't open "+t.file+": "+err.Error(), "Reinstall "+t.packages+t.hint+".")
		}
		return passed(t.name, "it opened %s", t.file)
	}
}

// tesseract reports the demo's engine, which the bot itself does not
// need.
func (*Checker) tesseract(context.Context) Finding {
	if _, err := exec.LookPath("tesseract"); err != nil {
		return passed("tesseract", "not installed; only `bot demo` needs it")
	}
	return passed("tesseract", "installed; only `bot demo` needs it")
}

// openPage opens a file and its first page.
func (k *Checker) openPage(ctx context.Context, data []byte) error {
	f, err := tempfile.Create()
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	doc, err := k.Decoder.Open(ctx, f, page.Options{})
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

// greyTIFF returns a TIFF file that only libtiff reads: grey, with two bits per
// pixel.
func greyTIFF() []byte {
	const width, height, bits, photometric = 256, 257, 258, 262
	return pagetest.TIFF(binary.LittleEndian, false, []pagetest.TIFFTag{
		{ID: width, Values: []uint32{4}}, {ID: height, Values: []uint32{1}}, {ID: bits, Values: []uint32{2}}, {ID: photometric, Values: []uint32{1}},
	}, []byte{0b00_01_10_11})
}
