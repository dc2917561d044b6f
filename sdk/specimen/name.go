package specimen

import (
	"math/rand/v2"
	"strings"
)

// The surnames of Han names and of most other ethnicities' names in Chinese.
var (
	surnames = strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤", "")
	// rareSurnames are real and seldom; several are often read wrong.
	rareSurnames   = strings.Split("佘仇乜冼区尉逄昝佴妫亓仉伍卜厍厉郗郏郄郜郇麴阚隗睢眭笪缪谌贠雒钭鞠馗訾逯禤凊㛃㑇䜣䶮", "")
	doubleSurnames = strings.Fields("欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯 端木 濮阳 闻人 呼延 万俟")
)

// The characters of given names.
var (
	givenMale   = strings.Split("伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢阳建亮成畅峰博文瑞晨泽轩睿楠松柏川岳衡立恒毅诚谦砚舟", "")
	givenFemale = strings.Split("芳娜敏静丽艳娟霞秀燕玲婷雪慧莹倩琳洁颖璐瑶佳怡萍红梅兰英琴云莉洋冰欣悦涵萱彤诗语妍蕾薇馨雅宁柔晴岚秋筠棠", "")
	// givenRare are beyond the most common 3,500 characters, many beyond GB 2312; names do have them.
	givenRare = strings.Split("喆堃昉旻昕翀頔珺玥琎珣瑀瑄瑱璟祎禛祐赟贇燊焱焜烜炘炜熺晗晞暄暐昇垚犇淼鑫骉矞曌翾翯鹍麒颀頠霁霈靓靖骐骢婞媞婳姞嫄妍沄汭泠洺浠淏湉湜滢漪灏玘珅珪琇琚琯瑭璠竑筠筱箐芃菡荍蒗蓥袆訚诩轲邈鄯酆铖锟镕颢飏馥骁黛", "")
	// givenBeyond need four bytes in UTF-8. 𠮷 is a way to write 吉 that registers have.
	givenBeyond = strings.Split("𠮷𫖮𬭚𬱖𬍛𫍽𬸚𬬱𬤇𬎆𫟹𫓶𬘭𬴂𪨰𬀩", "")
)

// The parts of names that are written with ·. Each is given name, then the father's name.
var (
	turkicMale   = strings.Fields("买买提 阿卜杜拉 艾力 吐尔逊 库尔班 玉素甫 艾合买提 依明 木沙 亚森 热合曼 卡德尔 阿不都热依木 赛买提 托合提 努尔买买提 帕尔哈提 艾尼瓦尔")
	turkicFemale = strings.Fields("古丽 阿依古丽 热依汗 帕提古丽 米热古丽 阿娜尔 努尔古丽 玛依拉 再努尔 茹克亚 迪丽努尔 古丽巴哈尔 阿米娜 赛乃姆")
	yiClans      = strings.Fields("阿尔 吉克 沙马 阿苏 曲比 俄木 马海 吉木 的日 勒伍")
	yiMale       = strings.Fields("木呷 拉铁 尔古 日火 伍合 阿铁 子哈 古哈")
	yiFemale     = strings.Fields("阿依 阿呷 阿牛 阿果 伍牛 尔西 子嫫 阿芝")
	slavicMale   = strings.Fields("伊万 安德烈 谢尔盖 尼古拉")
	slavicFemale = strings.Fields("安娜 叶莲娜 奥丽娅 娜塔莎")
	slavicFather = strings.Fields("瓦西里耶夫 彼得洛夫 伊万诺维奇 尼古拉耶夫")
)

// Names without a surname and without ·.
var (
	tibetanFirst  = strings.Fields("扎西 次仁 丹增 洛桑 索朗 格桑 旦增 白玛 平措 达瓦")
	tibetanMale   = strings.Fields("顿珠 多吉 罗布 群培 旺堆 加措")
	tibetanFemale = strings.Fields("卓玛 拉姆 央金 曲珍 德吉 卓嘎")
	mongolMale    = strings.Fields("巴特尔 布和 朝鲁 苏和 哈斯额尔敦 那顺乌力吉 巴雅尔 格日勒图 宝力德")
	mongolFemale  = strings.Fields("其其格 乌兰 萨仁 娜仁图雅 乌日娜 托娅 阿茹娜 萨日朗 斯琴高娃")
)

// inventName returns a name as people of that ethnicity have them, in characters of the card's font.
func inventName(r *rand.Rand, ethnicity, sex string) string {
	of := func(male, female []string) []string {
		if sex == "男" {
			return male
		}
		return female
	}
	switch ethnicity {
	case "维吾尔", "哈萨克", "柯尔克孜", "乌孜别克", "塔吉克", "塔塔尔":
		return pick(r, of(turkicMale, turkicFemale)) + "·" + pick(r, turkicMale)
	case "俄罗斯":
		return pick(r, of(slavicMale, slavicFemale)) + "·" + pick(r, slavicFather)
	case "彝":
		if r.IntN(2) == 0 {
			return pick(r, yiClans) + "·" + pick(r, of(yiMale, yiFemale))
		}
	case "藏", "门巴", "珞巴":
		return pick(r, tibetanFirst) + pick(r, of(tibetanMale, tibetanFemale))
	case "蒙古", "达斡尔":
		return pick(r, of(mongolMale, mongolFemale))
	}
	return inventHanName(r, of(givenMale, givenFemale))
}

func inventHanName(r *rand.Rand, given []string) string {
	var name string
	switch n := r.IntN(100); {
	case n < 5:
		name = pick(r, doubleSurnames)
	case n < 8: // both parents' surnames; four characters in all with two more
		name = pick(r, surnames) + pick(r, surnames)
	case n < 14:
		name = pick(r, rareSurnames)
	default:
		name = pick(r, surnames)
	}
	one := func() string {
		switch n := r.IntN(100); {
		case n < 2:
			return pick(r, givenBeyond)
		case n < 14:
			return pick(r, givenRare)
		}
		return pick(r, given)
	}
	name += one()
	if r.IntN(100) < 78 {
		name += one()
	}
	return name
}
