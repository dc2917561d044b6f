package exit_test

import (
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestAFailureIsSaidInTheLanguageAndItsCodesStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err              shared.Error
		english, chinese string
	}{
		"its code's meaning": {shared.Error{Code: shared.CodeBalanceTooLow, VendorCode: "10019", Outcome: shared.OutcomeRejected},
			"the balance is too low (balance_too_low, vendor code 10019, rejected): recharge the account", "余额不足（balance_too_low，服务商代码 10019，rejected）：为账户充值"},
		"a message that is known": {shared.Error{Code: shared.CodePictureUnreadable, Message: "the picture does not exist: check its path"},
			"the picture does not exist: check its path (picture_unreadable): check that the file exists and may be read", "图片不存在：请检查路径（picture_unreadable）：确认文件存在且可读"},
		"one that is not": {shared.Error{Code: shared.CodeVendorMessage, Message: "something else"},
			"something else (vendor_message): read the vendor's text", "服务商以自己的文字作答：something else（vendor_message）：查看服务商的文字说明"},
		"one that was not asked": {shared.Error{Code: shared.CodeQuotaExhausted, Message: exit.NotAsked + "no calls are left", Outcome: shared.OutcomeNotSent},
			"not asked, since the others failed: no calls are left (quota_exhausted, not_sent): buy calls", "未提交，因为其他图片失败：调用次数已用完（quota_exhausted，not_sent）：购买调用次数"},
	} {
		f := exit.Failure(&c.err)
		if got := f.In(messages.English); got != c.english {
			t.Errorf("%s: %s", name, got)
		}
		if got := f.In(messages.Chinese); got != c.chinese {
			t.Errorf("%s: %s", name, got)
		}
	}
}
