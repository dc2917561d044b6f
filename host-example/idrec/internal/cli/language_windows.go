package cli

import "golang.org/x/sys/windows"

// langChinese is the primary language identifier of Chinese, LANG_CHINESE of winnt.h; the lower ten bits
// of a language identifier hold it.
const langChinese, primaryBits = 0x04, 0x3ff

// uiLanguage asks for the language of the user's desktop.
func uiLanguage() string {
	id, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetUserDefaultUILanguage").Call()
	if id&primaryBits == langChinese {
		return "zh"
	}
	return ""
}
