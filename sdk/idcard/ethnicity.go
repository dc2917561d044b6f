package idcard

import "strings"

// ethnicities are the 56 names of GB/T 3304 in its order, without 族, and behind them the two other
// entries that the household register prints: 其他, and 穿青人, a name that is not in the standard
// and is printed by way of an exception.
var ethnicities = []string{
	"汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白", "土家",
	"哈尼", "哈萨克", "傣", "黎", "傈僳", "佤", "畲", "高山", "拉祜", "水", "东乡", "纳西", "景颇",
	"柯尔克孜", "土", "达斡尔", "仫佬", "羌", "布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米",
	"塔吉克", "怒", "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安", "裕固", "京", "塔塔尔", "独龙",
	"鄂伦春", "赫哲", "门巴", "珞巴", "基诺", "其他", "穿青人",
}

var ethnicityIndex = func() map[string]bool {
	m := make(map[string]bool, len(ethnicities))
	for _, e := range ethnicities {
		m[e] = true
	}
	return m
}()

// Ethnicities returns what a card can show as the holder's ethnicity, without 族: the 56 of GB/T 3304
// in its order, then 其他 and 穿青人.
func Ethnicities() []string { return append([]string(nil), ethnicities...) }

// ethnicity drops 族 from s and tells whether the rest is one of [Ethnicities].
func ethnicity(s string) (string, bool) {
	if bare := strings.TrimSuffix(s, "族"); ethnicityIndex[bare] {
		return bare, true
	}
	return s, ethnicityIndex[s]
}
