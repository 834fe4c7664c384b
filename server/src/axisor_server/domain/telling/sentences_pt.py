"""What the core itself writes as reasons, causes and notices, in Brazilian Portuguese.

A key is the English sentence with its holes: `{n}` is a number, `{w}` one word, `{t}` any text. The
holes are filled in their order, as `{0}`, `{1}`; `sentences` says how.
"""

from __future__ import annotations

from collections.abc import Mapping

STANDING_PT: Mapping[str, str] = {
    "The venue refuses the key: {t}": "A corretora recusa a chave: {0}",
    "The account could not be read {n} times: {t}": "A conta não pôde ser lida {0} vezes: {1}",
    "The account cannot be read from the venue.": "A conta não pode ser lida na corretora.",
    "The last price {n} is more than {n} % from the index {n}.": (
        "O último preço, {0}, está a mais de {1} % do índice, {2}."
    ),
    "The venue streams {n} and answers {n}, more than {n} % apart.": (
        "A corretora transmite {0} e responde {1}, a mais de {2} % um do outro."
    ),
    "This core does not act for the account.": "Este núcleo não age pela conta.",
    "The venue's figures cannot be read: {t}.": "Os números da corretora não podem ser lidos: {0}.",
    "The account was not read since this core took it over.": (
        "A conta não foi lida desde que este núcleo a assumiu."
    ),
    "The venue's clock is not known.": "O relógio da corretora não é conhecido.",
    "The venue's clock is known only to within {n} ms.": (
        "O relógio da corretora só é conhecido com margem de {0} ms."
    ),
    "The price is older than {n} s and a position above {n}x.": (
        "O preço tem mais de {0} s e uma posição está acima de {1}x."
    ),
    "{n} positions with {n} sats of margin are exposed.": (
        "{0} posições com {1} sats de margem estão expostas."
    ),
    "No position is open.": "Nenhuma posição está aberta.",
    "The core sees and reaches everything again.": "O núcleo vê e alcança tudo de novo.",
    "No price has come yet.": "Nenhum preço chegou ainda.",
    "No price for more than {n} s.": "Nenhum preço há mais de {0} s.",
    "The venue's own stamp is old.": "O carimbo da própria corretora é velho.",
    "The price comes from a fallback source.": "O preço vem de uma fonte de reserva.",
    "The venue shows no bid or no ask.": "A corretora não mostra compra ou não mostra venda.",
    "It failed {n} times in a row: {t}": "Falhou {0} vezes seguidas: {1}",
    "How full the disk of the data directory is cannot be told.": (
        "Não se sabe quão cheio está o disco do diretório de dados."
    ),
    "The disk of the data directory has {n} MiB free ({n} %).": (
        "O disco do diretório de dados tem {0} MiB livres ({1} %)."
    ),
    "The store takes no writes: {t}": "O banco de dados não aceita escritas: {0}",
    "The core stood still for {n} s.": "O núcleo ficou parado por {0} s.",
    "The account is halted ({w}).": "A conta está bloqueada ({0}).",
    "All accounts are halted ({w}).": "Todas as contas estão bloqueadas ({0}).",
    "Only what lowers risk is taken for now: {t}": "Por ora só se aceita o que reduz risco: {0}",
    "Restored from a backup.": "Restaurado de um backup.",
    "It is being found out what happened since.": "Está sendo apurado o que aconteceu desde então.",
    "Nothing is sent meanwhile.": "Nada é enviado enquanto isso.",
    "Halts, runs and limits that were changed since must be set again.": (
        "Bloqueios, execuções e limites mudados desde então devem ser postos de novo."
    ),
}

RUNS_PT: Mapping[str, str] = {
    "Its pause is over.": "A pausa acabou.",
    "Its pause is over; the halt that is in force stays in force.": (
        "A pausa acabou; o bloqueio em vigor continua em vigor."
    ),
    "The run of {w} does not act any more: {t} Enable what it needs, then start it again.": (
        "A execução de {0} não age mais: {1} Habilite o que ela precisa e a inicie de novo."
    ),
    "No enabled plugin offers the strategy {w}.": "Nenhum plugin habilitado oferece {0}.",
    "It asks again and again for what is refused.": "Ela pede repetidamente o que é recusado.",
    "A step took {n} ms; the leash allows {n} ms.": "Um passo levou {0} ms; o limite são {1} ms.",
    "It asks for what is no intent: {t}": "Ela pede o que não é uma intenção: {0}",
    "{w} cannot be reckoned: {t}": "{0} não pode ser calculado: {1}",
    "A run may not add to this position any more for now: look at it yourself.": (
        "Uma execução não pode mais adicionar a esta posição por ora: olhe você mesmo."
    ),
    "Its runner does not keep up.": "Seu executor não acompanha.",
    "Its runner is gone: {t}.": "Seu executor se foi: {0}.",
    "The new version fails: {t}.": "A nova versão falha: {0}.",
    "The new version fails with {w}: {t}.": "A nova versão falha com {0}: {1}.",
    "The new version takes {n} ms; the leash allows {n} ms.": (
        "A nova versão leva {0} ms; o limite são {1} ms."
    ),
    "A strategy broke the rules too often and is kept out.": (
        "Uma estratégia quebrou as regras vezes demais e fica de fora."
    ),
    "An upgrade was ended: {t}": "Uma atualização foi encerrada: {0}",
    "An upgrade was rolled back: {t}": "Uma atualização foi desfeita: {0}",
    "It goes on from what it remembered at the cut-over.": (
        "Ela continua do que lembrava na troca."
    ),
    "The core started with {t}.": "O núcleo iniciou com {0}.",
    "{t} is not at hand any more.": "{0} não está mais disponível.",
    "{t} cannot go on: {w}: {t}": "{0} não pode continuar: {1}: {2}",
}

REFUSED_PT: Mapping[str, str] = {
    "{n} sats is no amount.": "{0} sats não é um valor.",
    "{n} sats is no margin.": "{0} sats não é uma margem.",
    "{n} is not on the step.": "{0} não está no passo de preço.",
    "Leverage {n} is not offered.": "A alavancagem {0} não é oferecida.",
    "Give exactly one of quantity and margin.": "Dê a quantidade ou a margem, só uma delas.",
    "{n} dollars is not a size the venue takes.": (
        "{0} dólares não é um tamanho que a corretora aceita."
    ),
    "A limit order has a price, a market order has none.": (
        "Uma ordem limitada tem preço, uma ordem a mercado não tem."
    ),
    "The account has not been read from the venue yet.": (
        "A conta ainda não foi lida na corretora."
    ),
    "There is no open position {w}.": "Não há posição aberta {0}.",
    "There is no open order {w}.": "Não há ordem aberta {0}.",
    "The cross wallet is filled by a deposit, not by adding margin.": (
        "A carteira cross é abastecida por depósito, não por margem adicionada."
    ),
    "The run is {w}.": "A execução está {0}.",
    "The strategy has no right to {w}.": "A estratégia não tem direito a {0}.",
    "{n} actions of the run wait for an answer already.": (
        "{0} ações da execução já esperam por resposta."
    ),
    "The run would come to {n} {t}; its leash allows {n}.": (
        "A execução chegaria a {0} {1}; seu limite são {2}."
    ),
    "The price is {w}.": "O preço está {0}.",
    "{w} {id} on {w} is {w}.": "{0} {1} em {2} está {3}.",
    "The action needs {n} sats; {n} are free.": "A ação precisa de {0} sats; {1} estão livres.",
    "A reviewer failed with {w}.": "Um revisor falhou com {0}.",
    "There is no price yet.": "Ainda não há preço.",
    "{n} sats do not buy one dollar at this leverage.": (
        "{0} sats não compram um dólar nesta alavancagem."
    ),
    "{n} attempts {t} on {w} within {n} minutes; {n} are allowed.": (
        "{0} tentativas {1} em {2} em {3} minutos; {4} são permitidas."
    ),
    "The venue shows less margin on {w} than it confirmed.": (
        "A corretora mostra menos margem em {0} do que confirmou."
    ),
    "The venue's figures of {w} cannot be read.": (
        "Os números da corretora sobre {0} não podem ser lidos."
    ),
    "The plugin {w} is enabled and could not be loaded; it may have refused this.": (
        "O plugin {0} está habilitado e não pôde ser carregado; talvez recusasse isto."
    ),
    "The reviewer {w} answered {w}, which counts as a refusal.": (
        "O revisor {0} respondeu {1}, o que conta como recusa."
    ),
    "The disk of the database is full, or nearly.": (
        "O disco do banco de dados está cheio, ou quase."
    ),
}

OUTCOMES_PT: Mapping[str, str] = {
    "The core stopped before it was sent.": "O núcleo parou antes do envio.",
    "The core stopped before the answer was recorded.": (
        "O núcleo parou antes de a resposta ser registrada."
    ),
    "The core stopped before the action was sent.": "O núcleo parou antes de a ação ser enviada.",
    "The account was halted before the action was sent.": (
        "A conta foi bloqueada antes de a ação ser enviada."
    ),
    "The core that was lost may have sent it after the backup.": (
        "O núcleo perdido pode tê-la enviado depois do backup."
    ),
    "The plan was too old to be sent.": "O plano era velho demais para ser enviado.",
    "The venue's clock has not been measured yet.": (
        "O relógio da corretora ainda não foi medido."
    ),
    "The lease ended before the request could leave.": (
        "A concessão acabou antes de o pedido poder sair."
    ),
    "The venue's client failed with {w}: {t}.": "O cliente da corretora falhou com {0}: {1}.",
    "No answer within {n} s.": "Nenhuma resposta em {0} s.",
    "It stays unknown.": "Continua desconhecido.",
    "Given up by the operator.": "Abandonada pelo operador.",
    "The answer was not written down.": "A resposta não foi anotada.",
    "{w} was recorded and not sent.": "{0} foi registrada e não enviada.",
    "The venue does not show yet what became of it.": "A corretora ainda não mostra o que houve.",
    "The venue still shows the former value.": "A corretora ainda mostra o valor anterior.",
    "The position is gone.": "A posição não existe mais.",
    "The position is still open.": "A posição continua aberta.",
    "The position was {w} instead.": "A posição foi {0} em vez disso.",
    "The venue's counter did not move that far.": "O contador da corretora não andou tanto.",
    "Several orders carry the same client id.": "Várias ordens têm o mesmo id de cliente.",
    "No order carries the client id.": "Nenhuma ordem tem o id de cliente.",
    "Several transfers of this amount could be this one.": (
        "Várias transferências deste valor poderiam ser esta."
    ),
    "The ledger has no such transfer.": "O extrato não tem tal transferência.",
    "Another value has been set since, so nobody can tell whether this was.": (
        "Outro valor foi posto desde então, e ninguém sabe dizer se este foi."
    ),
    "Liquidation has passed it since, and a stop beyond that is taken away.": (
        "A liquidação passou por ele desde então, e um stop além dela é retirado."
    ),
    "Margin went out since, and liquidation may have passed it and come back.": (
        "Saiu margem desde então, e a liquidação pode ter passado por ele e voltado."
    ),
    "An action cannot be settled; nothing is added to its target meanwhile.": (
        "Uma ação não pode ser resolvida; nada é adicionado ao seu alvo enquanto isso."
    ),
    "While the database was away the core had to {t}.": (
        "Enquanto o banco de dados esteve fora, o núcleo teve de {0}."
    ),
    "Margin was added outside this core.": "Margem foi adicionada fora deste núcleo.",
    "More margin was added than this core asked for.": (
        "Foi adicionada mais margem do que este núcleo pediu."
    ),
    "The venue shows less margin than it confirmed.": (
        "A corretora mostra menos margem do que confirmou."
    ),
}

HOUSE_PT: Mapping[str, str] = {
    "No backup can be made; guarding goes on.": "Nenhum backup pode ser feito; a guarda continua.",
    "Backups are made again.": "Os backups são feitos de novo.",
    "The next months are there again.": "Os próximos meses existem de novo.",
    "The partitions of the next {n} months cannot be made; guarding goes on, and entries of a month"
    " without one go into the default partition.": (
        "As partições dos próximos {0} meses não podem ser criadas; a guarda continua, e os"
        " registros de um mês sem partição vão para a partição padrão."
    ),
    "They cannot be written: {t}.": "Eles não podem ser escritos: {0}.",
    "What is kept cannot be read: {t}.": "O que está guardado não pode ser lido: {0}.",
    "No more is tried until a restart.": "Nada mais é tentado até um reinício.",
    "No enabled plugin offers {w}.": "Nenhum plugin habilitado oferece {0}.",
    "It took too long.": "Demorou demais.",
    "The notifier failed with {w}.": "O notificador falhou com {0}.",
    "The core ended while it was sent; whether it arrived is not known.": (
        "O núcleo terminou durante o envio; não se sabe se chegou."
    ),
    "The channel is gone or paused.": "O canal não existe mais ou está em pausa.",
}

DONE_PT: Mapping[str, str] = {
    "add {n} sat to {w}": "adicionar {0} sat a {1}",
    "cash {n} sat in from {w}": "retirar {0} sat de {1}",
    "close {w}": "fechar {0}",
    "stop of {w} at {n}": "pôr o stop de {0} a {1}",
    "deposit {n} sat into cross": "depositar {0} sat no cross",
}
"""What the core does without its database. It stands within a sentence only."""

SENTENCES_PT: Mapping[str, str] = {
    **STANDING_PT,
    **RUNS_PT,
    **REFUSED_PT,
    **OUTCOMES_PT,
    **HOUSE_PT,
}

NAMES_PT: Mapping[str, str] = {
    "risk": "risco",
    "all": "tudo",
    "flatten": "fechar tudo",
    "fresh": "atual",
    "stale": "velho",
    "fallback": "de reserva",
    "disputed": "em disputa",
    "incomplete": "incompleto",
    "none": "ausente",
    "created": "criada",
    "starting": "iniciando",
    "running": "em execução",
    "paused": "em pausa",
    "stopping": "parando",
    "stopped": "parada",
    "failed": "com falha",
    "planned": "planejada",
    "sent": "enviada",
    "unknown": "sem resultado conhecido",
    "liquidated": "liquidada",
    "taken": "realizada com lucro",
    "intents a minute": "pedidos por minuto",
    "sats a day": "sats por dia",
    "sats of margin in use": "sats de margem em uso",
    "open orders": "ordens abertas",
    "sats lost today": "sats perdidos hoje",
    "of unknown outcome": "de resultado desconhecido",
    "in all": "ao todo",
}
"""Names of the core's own. They stand within a sentence only."""
