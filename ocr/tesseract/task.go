package tesseract

import (
	"iter"
	"strings"
)

// A task is the request of a prompt, as far as a program can carry out that
// request by reading printed text.
type task struct {
	kind taskKind
	what string // text to locate
}

type taskKind int

const (
	asMarkdown taskKind = iota
	asText
	locate
	unsupported // a prompt for a language model
)

// DeepSeek-OCR's prompts: https://github.com/deepseek-ai/DeepSeek-OCR#prompts-examples
const (
	refOpen, refClose = "<|ref|>", "<|/ref|>"
	detOpen, detClose = "<|det|>", "<|/det|>"
)

// taskOf returns the task of a prompt. An empty prompt asks for markdown.
func taskOf(prompt string) task {
	prompt = strings.TrimSpace(prompt)
	_, rest, _ := strings.Cut(prompt, refOpen)
	what, _, closed := strings.Cut(rest, refClose)
	lower := strings.ToLower(prompt)
	switch {
	case closed && strings.TrimSpace(what) != "":
		return task{locate, strings.TrimSpace(what)}
	case strings.HasPrefix(lower, "free ocr"):
		return task{kind: asText}
	case prompt == "", strings.Contains(lower, "markdown"), strings.Contains(lower, "ocr this image"):
		return task{kind: asMarkdown}
	}
	return task{kind: unsupported}
}

// textOnlyNotice precedes the text of a picture if the prompt asked for something else.
const textOnlyNotice = "This OCR engine only reads text: it cannot describe pictures or answer questions. The text that it sees:"

// withNotice yields textOnlyNotice before a text.
func withNotice(text iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		begun := false
		for piece, err := range text {
			if err == nil && !begun {
				begun = true
				piece = textOnlyNotice + "\n\n" + piece
			}
			if !yield(piece, err) {
				return
			}
			if err != nil {
				return
			}
		}
		if !begun {
			yield("This OCR engine only reads text, and it sees none in this picture.", nil)
		}
	}
}
