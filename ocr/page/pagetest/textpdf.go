package pagetest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// A Sheet is a page of a PDF with text, as from a word processor.
type Sheet struct {
	Width, Height float64 // in points; 0 means A4
	Rotate        int     // in degrees, in the page's dictionary
	Texts         []Text
	Rules         []Rule
	Picture       []byte // a JPEG file that covers the page, below the text
}

// A Text is a line of a Sheet.
type Text struct {
	X, Y      float64 // of the start of the base line, from the left and upper edge, in points
	Size      float64 // in points; 0 means 10
	Text      string
	Invisible bool // as a scanner's text over its picture
	White     bool // drawn, but in the colour of the paper
	// Encoded is the text according to the file, if that is not Text.
	Encoded string
}

// A Rule is a straight line of a table.
type Rule struct{ X, Y, ToX, ToY float64 }

// TextPDF returns a PDF of sheets. Text in Latin letters is set in Helvetica, which
// every viewer has. Other scripts are set in fonts of patterns, with a table of the
// characters.
func TextPDF(sheets ...Sheet) []byte {
	b := &textPDF{}
	b.helvetica = b.Object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	var kids []string
	for _, s := range sheets {
		kids = append(kids, b.sheet(s))
	}
	return b.File(kids, len(kids), "")
}

type textPDF struct {
	PDFBuilder
	helvetica string
}

func (b *textPDF) sheet(s Sheet) string {
	if s.Width == 0 {
		s.Width, s.Height = 595, 842
	}
	var content strings.Builder
	var resources strings.Builder
	resources.WriteString("/F0 " + b.helvetica)
	objects := ""
	if s.Picture != nil {
		picture, _, _ := b.picture(s.Picture)
		objects = "/XObject << /P " + picture + " >>"
		fmt.Fprintf(&content, "q %.2f 0 0 %.2f 0 0 cm /P Do Q\n", s.Width, s.Height)
	}
	for _, r := range s.Rules {
		fmt.Fprintf(&content, "0.7 w %.2f %.2f m %.2f %.2f l S\n", r.X, s.Height-r.Y, r.ToX, s.Height-r.ToY)
	}
	for i, t := range s.Texts {
		if t.Size == 0 {
			t.Size = 10
		}
		font, code := "F0", winANSI(t.Text)
		if code == nil || t.Encoded != "" {
			font = fmt.Sprintf("T%d", i)
			var object string
			object, code = b.patterns(t)
			resources.WriteString(fmt.Sprintf(" /%s %s", font, object))
		}
		mode, colour := 0, 0
		if t.Invisible {
			mode = 3
		}
		if t.White {
			colour = 1
		}
		fmt.Fprintf(&content, "BT %d g %d Tr /%s %.2f Tf 1 0 0 1 %.2f %.2f Tm <%x> Tj ET\n", colour, mode, font, t.Size, t.X, s.Height-t.Y, code)
	}
	return b.Object(fmt.Sprintf("<< /Type /Page /Parent %s /MediaBox [0 0 %.2f %.2f] /Rotate %d /Contents %s /Resources << /Font << %s >> %s >> >>",
		PagesRef, s.Width, s.Height, s.Rotate, b.Stream("", []byte(content.String())), resources.String(), objects))
}

// winANSI returns the text in the encoding of Helvetica, or nil.
func winANSI(text string) []byte {
	const special = "€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ" // 0x80 to 0x9F
	code := []byte{}
	for _, r := range text {
		at := slices.Index([]rune(special), r)
		switch {
		case r < 0x80 || 0xA0 <= r && r <= 0xFF:
			code = append(code, byte(r))
		case at >= 0:
			code = append(code, byte(0x80+at))
		default:
			return nil
		}
	}
	return code
}

// patterns adds a font in which each letter is two strokes, with a table of the
// characters. It returns the reference to the font and the text in its code.
func (b *textPDF) patterns(t Text) (font string, code []byte) {
	drawn := []rune(t.Text)
	encoded := drawn
	if t.Encoded != "" {
		encoded = []rune(t.Encoded)
	}
	if slices.ContainsFunc(drawn, func(r rune) bool { return unicode.In(r, unicode.Hebrew, unicode.Arabic) }) {
		encoded = fromLeft(encoded)
	}
	var known []rune
	for _, r := range encoded {
		at := slices.Index(known, r)
		if at < 0 {
			at = len(known)
			known = append(known, r)
		}
		code = append(code, byte(at+1))
	}
	width := 600
	if slices.ContainsFunc(drawn, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }) {
		width = 1000
	}
	glyph := b.Stream("", fmt.Appendf(nil, "%d 0 d0 80 w 100 50 m %d 650 l S 100 650 m %d 350 l S", width, width-150, width-150))
	space := b.Stream("", fmt.Appendf(nil, "%d 0 d0", width))
	var glyphs, names, widths, unicodes strings.Builder
	for i, r := range known {
		object := glyph
		if r == ' ' {
			object = space
		}
		fmt.Fprintf(&glyphs, "/g%d %s ", i+1, object)
		fmt.Fprintf(&names, "/g%d ", i+1)
		fmt.Fprintf(&widths, "%d ", width)
		fmt.Fprintf(&unicodes, "<%02x> <", i+1)
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&unicodes, "%04x", unit)
		}
		unicodes.WriteString(">\n")
	}
	table := fmt.Sprintf("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n"+
		"1 begincodespacerange <00> <ff> endcodespacerange\n%d beginbfchar\n%sendbfchar\nendcmap end end", len(known), unicodes.String())
	return b.Object(fmt.Sprintf("<< /Type /Font /Subtype /Type3 /FontBBox [0 -200 1000 900] /FontMatrix [0.001 0 0 0.001 0 0] "+
		"/CharProcs << %s >> /Encoding << /Type /Encoding /Differences [1 %s] >> /FirstChar 1 /LastChar %d /Widths [%s] /ToUnicode %s /Resources << >> >>",
		glyphs.String(), names.String(), len(known), widths.String(), b.Stream("", []byte(table)))), code
}

// fromLeft returns a text that is read from the right in the order of drawing from
// the left. Digits keep their order.
func fromLeft(text []rune) []rune {
	drawn := slices.Clone(text)
	slices.Reverse(drawn)
	for from := 0; from < len(drawn); from++ {
		to := from
		for to < len(drawn) && (unicode.IsDigit(drawn[to]) || to > from && strings.ContainsRune(".,/", drawn[to]) && to+1 < len(drawn) && unicode.IsDigit(drawn[to+1])) {
			to++
		}
		slices.Reverse(drawn[from:to])
		from = max(from, to)
	}
	return drawn
}
