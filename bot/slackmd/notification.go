package slackmd

import (
	"html"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxNotification bounds the text of a notification, in bytes after escaping.
// A phone shows about the first hundred; a screen reader reads everything.
const maxNotification = 3000

// Notification returns the text that stands for a message's blocks in
// notifications and for screen readers, which read nothing else
// (https://docs.slack.dev/reference/methods/chat.postMessage#text). The result
// is the header and the start of the part's text without markdown signs,
// escaped, on one line of at most 3,000 bytes.
func Notification(header, part string) string {
	words := html.UnescapeString(plainText(part[:min(len(part), 2*maxNotification)]))
	if strings.TrimSpace(words) == "" {
		return limitedLine(header, maxNotification)
	}
	return limitedLine(header+": "+words, maxNotification)
}

// plainText returns the words of a markdown text. The cells of a table row
// stand side by side.
func plainText(markdown string) string {
	source := []byte(strings.ToValidUTF8(markdown, ""))
	root := goldmark.New(goldmark.WithExtensions(extension.Strikethrough)).Parser().Parse(text.NewReader(source))
	var words strings.Builder
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walker has no errors
		switch n := n.(type) {
		case *ast.Text:
			if !entering {
				break
			}
			segment := n.Segment.Value(source)
			if n.Parent().Kind() != ast.KindCodeSpan {
				segment = util.UnescapePunctuations(segment)
			}
			words.Write(segment)
			if n.SoftLineBreak() || n.HardLineBreak() {
				words.WriteByte(' ')
			}
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				if line := n.Lines().At(i); entering {
					words.Write(line.Value(source))
				}
			}
		default:
			if n.Type() == ast.TypeBlock {
				words.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	kept := slices.DeleteFunc(strings.Fields(words.String()), func(word string) bool { // bars and rules of tables
		return strings.Trim(word, ":-|") == "" && (len(word) > 2 || word == "|")
	})
	return strings.Join(kept, " ")
}
