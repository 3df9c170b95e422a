package bot

// Why a file of Slack's cannot be had: see wordsCause.
const (
	wordsNotFile  = "Slack gives me a web page instead of the file. Download it and post it again, please."
	wordsNotReady = "Slack is still taking the file in. Post it again in a minute, please."
)
