package main

import "slackocr/ocr/page"

// decodeCommand is what the program calls itself with to open one file that
// somebody posted, within limits of its own. usage does not name it: it is for
// no person.
const decodeCommand = "decode"

func decode(args []string) int { return page.Work(args) }
