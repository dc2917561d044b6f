package wapi

import "github.com/seed-6b91b535/idrec/shared"

// The names of the platform's parameters.
const (
	ParamAppID  = "appid"
	ParamFormat = "format" // FormatJSON or FormatXML
	ParamTime   = "time"   // Unix seconds
	ParamSign   = "sign"
)

// The names of the product's parameters.
const (
	ParamSide  = "id_card_side" // SideFront or SideBack; absent: detected
	ParamImage = "url_image"    // the picture in base64, or its URL
)

// The values of [ParamFormat].
const (
	FormatJSON = "json"
	FormatXML  = "xml"
)

// The values of [ParamSide].
const (
	SideFront = "front" // the portrait side
	SideBack  = "back"  // the side with the national emblem
)

// The names in an answer of the platform.
const (
	NameCodeID  = "codeid"
	NameMessage = "message"
	NameTime    = "time"
	NameRetData = "retdata"
)

// The names in an answer of the product, besides those in cardNames.
const (
	NameImageStatus = "image_status"       // one of the eight [shared.PictureStatus] values
	NameNumberType  = "idcard_number_type" // a [shared.NumberCheck]
)

// cardNames are the card's fields and their names in an answer, in the order of [shared.CardFields].
var cardNames = []struct {
	Field shared.FieldName
	Name  string
}{
	{shared.FieldFullName, "姓名"},
	{shared.FieldSex, "性别"},
	{shared.FieldEthnicity, "民族"},
	{shared.FieldBirthDate, "出生"},
	{shared.FieldAddress, "住址"},
	{shared.FieldNumber, "公民身份号码"},
	{shared.FieldAuthority, "签发机关"},
	{shared.FieldValidFrom, "签发日期"},
	{shared.FieldValidUntil, "失效日期"},
}

// DefaultPath is the path of the product 身份证信息识别 on every account's host.
const DefaultPath = "/pyi/76/194"

// The product's limits, as its page gives them. It says "4M" of the encoded picture, which may mean
// either figure: pictures are fitted to the smaller and refused above the larger.
const (
	FitEncodedBytes = 4_000_000
	MaxEncodedBytes = 4 << 20
	MinSide         = 15   // pixels, shortest side
	MaxSide         = 4096 // pixels, longest side
	MaxURLBytes     = 1024
)
