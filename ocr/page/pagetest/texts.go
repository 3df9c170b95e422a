package pagetest

import _ "embed" // for two pictures

// Texts of everyday kinds, written for this project.
const (
	// Letter is a short letter.
	Letter = `Harbour Street 14
Thornbury

3 March 2026

Dear Mrs Okafor,

Thank you for showing us the garden on Saturday. The children have talked about nothing but the pond since, and the youngest now wants to keep newts in the bath. We have said no, for the time being.

You asked about the old pear tree. I looked at the branch that came down in the storm, and the wood is sound. If you cut it back to the fork before the sap rises it should heal within two summers. I can lend you the long saw, and my brother would be glad to help with the ladder.

We would also like to return your kindness. Would you come to supper on the 21st? Nothing grand: soup, bread, and the cheese you liked. Bring the dog if he promises to leave the cat alone.

With warm regards,

Elena Marsh`

	// Receipt is a receipt of a café.
	Receipt = `# Corner Bakery
28 Mill Lane, Thornbury
Tel 01454 555 0137

Table 7	12 May 2026 09:41

2 Flat white	7.20
1 Pot of tea	2.90
3 Butter croissant	8.40
1 Rye bread, sliced	4.15

Subtotal	22.65
Service 10%	2.27
Total	24.92

Paid by card	24.92
Thank you and see you soon!`

	// Invoice is a page of a small workshop's accounts.
	Invoice = `# Invoice 2026-0418
Alder Workshop Ltd
Unit 3, Canal Yard, Bristol

Bill to: Northgate Primary School
Date: 18 April 2026
Due: 18 May 2026

Item	Qty	Price	Amount
---
Repair of oak chairs	12	45.00	540.00
New seat boards, birch	10	18.65	186.50
Varnish and fittings	3	24.40	73.20
Delivery	2	17.50	35.00
---
Net amount			834.70
VAT 20%			166.94
Total due			1001.64

Please pay by bank transfer and quote the invoice number. Account name Alder Workshop, sort code 00-11-22, account number 01234567. Questions are welcome at any time of the working week.`

	// Article is about 400 words of prose under two headings.
	Article = `# The lamps of Wick Point

For ninety years the lighthouse at Wick Point was kept by hand. Every evening, half an hour before sunset, the keeper climbed one hundred and twelve steps with a can of oil, trimmed the wick, wound the clockwork and lit the lamp. Every four hours he wound the clockwork again, for the great lens floated on a bath of mercury and had to turn at an even pace. A sailor who saw three flashes and a pause knew where he was. If the pause was too long, he might believe he was somewhere else.

The logbooks are still kept in the village hall. They are plain things, written in pencil because ink froze in winter. Most entries name the wind, the height of the sea and the amount of oil that was burned. Now and then there is more. In January 1893 the keeper notes that a flock of starlings struck the glass, and that he buried two hundred of them. In 1911 his successor writes that the light was seen from a distance of nineteen miles, and underlines the number twice.

# What the weather left

Electric light came in 1936 and with it a motor. The clockwork was taken out and sold to a museum, where children may wind it on Sundays. The last keeper stayed for another thirty years, although there was little to do. He painted the railings, counted seals, and answered letters from schools. When he retired the station was given over to a timer and a telephone line.

Salt has done the rest. The railings have gone, the door no longer shuts, and the stairs are closed to visitors after the fifth landing. Yet the lens is whole. Last autumn a group of volunteers cleaned it with vinegar and soft cloth, prism by prism, and found the maker's name scratched into the brass where nobody had looked since the day it was installed.

They hope to open the tower again next summer. Nobody wants the mercury back, and nobody misses the winding. But on clear evenings people still walk out to the point and wait. The lamp comes on without a sound, the beam goes round, and somewhere beyond the harbour bar a boat makes sure of its way home. There are better instruments on board by now, the skippers say, and all of them agree that they look up anyway.`

	// Notice is a German one, with umlauts.
	Notice = `# Übergabe der Wohnung
Grünstraße 12, Köln

Sehr geehrte Frau Müller,

vielen Dank für Ihre Anfrage. Die Schlüssel können Sie am Donnerstag zwischen acht und zwölf Uhr bei uns abholen. Bitte bringen Sie Ihren Ausweis mit. Die Heizkörper wurden überprüft, und die Fenster sind größtenteils erneuert. Über die Kaution sprechen wir, sobald Sie zurück sind.

Mit freundlichen Grüßen

Jörg Schäfer`

	// ChineseReceipt is a receipt of a tea house.
	ChineseReceipt = `绿园茶馆
北京西路1277号
电话 021-55550137

2026年5月12日

品名	数量	金额
---
龙井茶	2	96.50
小笼包	3	54.20
桂花糕	5	37.45
---
合计		188.15

谢谢惠顾，欢迎再来！`
)

// ChineseReceiptPNG is ChineseReceipt as a picture, which chinese.go makes: the fonts
// of this package have no Chinese.
//
//go:embed receipt-chinese.png
var ChineseReceiptPNG []byte

// GreyHEIC is a HEIC file that only libheif's program reads: 40 pixels wide,
// grey of ten bits, white at the left and dark at the right.
//
//go:embed grey-10-bit.heic
var GreyHEIC []byte
