package clean

import (
	"strings"
	"testing"
)

// BenchmarkClean cleans 1 MB in pieces of 4 bytes, and the same with a tag for each
// line.
func BenchmarkClean(b *testing.B) {
	prose := strings.Repeat("Paragraph of things: the harbour was quiet that morning, and the ferry had not yet come in. ", 1<<20/91)
	for name, text := range map[string]string{
		"prose":  prose,
		"blocks": strings.ReplaceAll(prose, "Paragraph", "\n\n<|ref|>text<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\nParagraph"),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c := Cleaner{Rules: page}
				for rest := text; rest != ""; rest = rest[min(4, len(rest)):] {
					c.Add(rest[:min(4, len(rest))])
				}
			}
		})
	}
}
