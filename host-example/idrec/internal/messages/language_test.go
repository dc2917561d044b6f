package messages_test

import (
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
)

func TestTheLanguageIsThatOfWhoeverLooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    map[string]string
		system string
		want   messages.Language
	}{
		"nothing":                    {nil, "", messages.English},
		"locale":                     {map[string]string{"LANG": "zh_CN.UTF-8"}, "", messages.Chinese},
		"Taiwan's":                   {map[string]string{"LANG": "zh_TW"}, "", messages.Chinese},
		"messages beat the locale":   {map[string]string{"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, "", messages.English},
		"all beat messages":          {map[string]string{"LC_MESSAGES": "en_GB", "LC_ALL": "zh_CN.GB18030"}, "", messages.Chinese},
		"C means no language":        {map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "zh", messages.English},
		"an empty one counts as not": {map[string]string{"LC_ALL": "", "LANG": "zh_CN"}, "", messages.Chinese},
		"its own variable beats all": {map[string]string{messages.Variable: "zh", "LC_ALL": "en_US.UTF-8"}, "", messages.Chinese},
		"an unknown word does not":   {map[string]string{messages.Variable: "klingon", "LANG": "zh_CN"}, "", messages.Chinese},
		"the desktop's":              {nil, "zh", messages.Chinese},
		"the environment beats that": {map[string]string{"LANG": "en_US"}, "zh", messages.English},
		"another":                    {map[string]string{"LANG": "de_DE"}, "", messages.English},
	} {
		got := messages.Detect(func(n string) (string, bool) { v, ok := c.env[n]; return v, ok }, c.system)
		if got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := messages.Detect(nil, ""); got != messages.English {
		t.Error(got)
	}
}

func TestMessagesAreSaidInTheLanguageWithAllTheirParts(t *testing.T) {
	t.Parallel()
	m := messages.Of("%s: %s", messages.Plural(2, "1 picture", "%d pictures"), messages.List{messages.Of("%d recognised", 1), messages.Word("unclear")})
	if got := m.String(); got != "2 pictures: 1 recognised, unclear" {
		t.Error(got)
	}
	if got := m.In(messages.Chinese); got != "2 张图片：识别成功 1 张、不明" {
		t.Error(got)
	}
	if got := messages.Of("100% of nothing that is in the catalogue").In(messages.Chinese); got != "100% of nothing that is in the catalogue" {
		t.Error(got)
	}
	// The twin takes the arguments in another order.
	if got := messages.Chinese.Format("spent %s yuan today, %s in %s; suspected for unclear calls %s and %s", "1", "2", "2026-01", "3", "4"); got != "今天花费 1 元，2026-01 花费 2 元；不明调用疑似 3 元和 4 元" {
		t.Error(got)
	}
}

func TestWhatOthersSayIsKnownWithItsNumbers(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"the picture has 10 × 20 pixels, and each side needs 64: take it again, larger":                       "图片为 10 × 20 像素，每边至少需要 64：请用更大的尺寸重新拍摄",
		"3 calls are left of the package of 2000: buy more before they run out, and then raise calls_package": "套餐剩余 3 次（共 2000 次）：请在用完之前购买，然后提高 calls_package",
		"the secret is empty":                               "密钥为空",
		"something that a plugin of somebody else has said": "something that a plugin of somebody else has said",
	} {
		if got, _ := messages.Chinese.Heard(said); got != want {
			t.Errorf("%q is %q", said, got)
		}
		if got, known := messages.English.Heard(said); got != said || !known {
			t.Error(got)
		}
	}
}
