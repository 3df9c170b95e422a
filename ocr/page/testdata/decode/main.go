// Command decode is the least program that a Decoder can run.
package main

import (
	"os"

	"slackocr/ocr/page"
)

func main() { os.Exit(page.Work(os.Args[1:])) }
