package slackmd_test

import (
	"fmt"
	"strings"

	"slackocr/bot/slackmd"
)

// A page with a mention, a formula and a table becomes the text of one message. The
// mention stays text, and pings nobody.
func ExampleMessages() {
	answer := "# Receipt\n\nPaid by <!channel>, $E=mc^2$\n\n" +
		"<table><tr><td>Tea</td><td>2.50</td></tr><tr><td>Cake</td><td>4.00</td></tr></table>"
	for _, part := range slackmd.Messages(answer).Parts {
		fmt.Println(part.Text)
	}
	// Output:
	// # Receipt
	//
	// Paid by &lt;!channel&gt;, E=mc²
	//
	// | Tea | 2.50 |
	// |---|---:|
	// | Cake | 4.00 |
}

// The newest part of a growing text for a live reply, at most 200 bytes. A half-written
// table is shown as a table.
func ExampleTail() {
	growing := strings.Repeat("An earlier line of the page.\n\n", 10) +
		"The **total** is below.\n\n| Item | Price |\n|---|---|\n| Tea | 2.50 |\n| Cake | 4."
	fmt.Println(slackmd.Tail(growing, 200, 10))
	// Output:
	// …
	//
	// An earlier line of the page.
	//
	// An earlier line of the page.
	//
	// An earlier line of the page.
	//
	// The **total** is below.
	//
	// | Item | Price |
	// |---|---:|
	// | Tea | 2.50 |
	// | Cake | 4. |
}
