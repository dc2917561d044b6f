package sandbox

// The status codes of the platform. An answer carries one with HTTP status 200; 10000 is billed, the
// others are not. 10016 is not defined.
const (
	codeSuccess        = 10000
	codeAppIDMissing   = 10001
	codeSignMissing    = 10002
	codeSignWrong      = 10003
	codeTimeWindow     = 10004
	codeAppIDWrong     = 10005
	codeAddress        = 10006
	codeDisabled       = 10007
	codeNotIncluded    = 10008
	codeNoSuchAPI      = 10009
	codeNotOrdered     = 10010
	codeTermExpired    = 10011
	codeNothingOrdered = 10012
	codeSuspended      = 10013
	codeUnknownError   = 10014
	codeParameterCount = 10015
	codeTimeNotInteger = 10017
	codeNoCallsLeft    = 10018
	codeText           = 10019
	codeNoSuchSubAPI   = 10020
	codeServerError    = 10021
	codeBalance        = 10022
)

// CodeInfo is a row of the table of status codes: what it means, in Chinese as the answer's message
// says it and in English, and when this server answers it, in both.
type CodeInfo struct {
	Code   int
	Zh, En string
	When   string
	WhenZh string
}

// Codes returns the table of status codes in ascending order.
func Codes() []CodeInfo { return append([]CodeInfo(nil), codeTable...) }

var codeTable = []CodeInfo{
	{codeSuccess, "成功", "success; always billed, whatever image_status says", "every check passed and the call was billed", "所有检查通过并已计费"},
	{codeAppIDMissing, "缺少 appid", "appid missing", "no appid, or an empty one", "没有 appid，或为空"},
	{codeSignMissing, "缺少 sign", "sign missing", "no sign, or an empty one (a body cut before its value)", "没有 sign，或为空（请求体在它之前被截断）"},
	{codeSignWrong, "sign 验证失败", "sign does not verify", "sign differs from the one computed here", "sign 与服务器算出的不同"},
	{codeTimeWindow, "time 与服务器时间相差超过 10 分钟", "clock differs by over 10 minutes", "time differs from this server's clock by more than the guess window", "time 与服务器时钟之差超过 window"},
	{codeAppIDWrong, "appid 错误", "appid wrong", "no app has this appid", "没有这个 appid 的应用"},
	{codeAddress, "IP 地址未授权", "this IP address is not authorised", "the app lists addresses, and the caller's is not among them; the message carries it", "应用限定了 IP 地址，而请求来自别处；message 带有该地址"},
	{codeDisabled, "应用已停用", "application disabled", "the app is disabled", "应用的 disabled 为真"},
	{codeNotIncluded, "应用未包含此 API", "the application does not include this API", "the app lists the APIs it includes, and this one is not among them", "应用限定了包含的 API，其中没有这个"},
	{codeNoSuchAPI, "API 不存在", "no such API", "a path other than the API's", "路径不是此 API"},
	{codeNotOrdered, "未订购此 API", "this API was not ordered", "the app has ordered other APIs, and not this one", "应用订购了别的 API，没有这个"},
	{codeTermExpired, "API 已到期", "the API's term has expired", "the app's term ended", "已过应用的 term_end"},
	{codeNothingOrdered, "未订购任何 API", "no API ordered at all", "the app's list of orders is empty", "应用的订购列表为空"},
	{codeSuspended, "API 已暂停", "the API is suspended", "the app's API is suspended", "应用的 suspended 为真"},
	{codeUnknownError, "未知错误", "unknown error", "the engine panicked; the charge is taken back", "识别引擎崩溃；费用退回"},
	{codeParameterCount, "参数个数错误", "wrong number of parameters", "by the guess parameters: url_image missing, or a name too many", "缺少 url_image，或参数多余、重复（见 parameters）"},
	{codeTimeNotInteger, "time 不是整数", "time is not an integer", "time is no decimal integer", "time 不是十进制整数"},
	{codeNoCallsLeft, "调用次数已用完", "no calls left", "calls_left is 0 and the app has no price per call", "calls_left 为 0，且没有按次单价"},
	{codeText, "（自由文本）", "free text, in the message", "the picture, its address, format or id_card_side is refused; the message says why", "图片、图片地址、format 或 id_card_side 不合要求；原因见 message"},
	{codeNoSuchSubAPI, "子 API 不存在或已关闭", "no such sub-API, perhaps closed", "a path below the API's", "路径在此 API 之下"},
	{codeServerError, "服务器错误", "server error", "the engine failed; the charge is taken back", "识别引擎出错；费用退回"},
	{codeBalance, "余额不足", "balance too low", "calls_left is 0 and the balance is below the price per call", "calls_left 为 0，且余额低于按次单价"},
}

// textOf returns the message of a code.
func textOf(code int) string {
	for _, c := range codeTable {
		if c.Code == code {
			return c.Zh
		}
	}
	return ""
}
