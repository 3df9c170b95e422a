package settings

import "slackocr/ocr"

// Remedy returns what the operator can do about a class of failures of the
// endpoint, in a sentence.
func (c *Config) Remedy(class ocr.Class) string {
	switch class {
	case ocr.KeyRefused:
		return "Copy the key into " + c.keyVariable() + " again, and check its permissions."
	case ocr.Unpaid:
		return "The key is right, but the account is out of credit: top it up."
	case ocr.Down:
		return "Is OCR_BASE_URL right, and is the endpoint running? Check HTTPS_PROXY and SSL_CERT_FILE if there is a proxy."
	case ocr.NotFound:
		return "The endpoint doesn't know OCR_MODEL, or OCR_BASE_URL isn't the address of its API (which often ends in /v1)."
	case ocr.Protocol:
		return "It doesn't answer like an OpenAI-compatible API: check any proxy in front of it, and OCR_STREAM."
	case ocr.TooLarge:
		return "Its context is too small: set a lower OCR_MAX_TOKENS (0 leaves it out), or give the model more context on its server."
	case ocr.BadRequest:
		return "Try another OCR_PROFILE, a lower OCR_MAX_TOKENS (0 leaves it out), or no OCR_EXTRA_BODY."
	case ocr.Busy:
		return "It limits requests: try again in a minute. OCR_CONCURRENCY=auto finds out how many it allows."
	case ocr.Refused:
		return "Its moderation refuses the picture: ask the people who run it."
	case ocr.CutOff:
		return "Check the endpoint's log for the reason, and the time limits of any proxy in front of it."
	case ocr.Idle:
		return "Is it still loading the model? Look at its log, and raise OCR_IDLE_TIMEOUT if it's just slow."
	}
	return "Check the endpoint's log."
}
