"""The words of what is told, in Brazilian Portuguese; `catalogue` has them in English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS_PT: Mapping[str, tuple[str, str, str]] = {
    "near.acting": (
        "{side} {name} está a {distance_pct} da liquidação",
        "preço {price_usd} · liq {liquidation_usd}",
        "A guarda adiciona {amount_sat} agora.",
    ),
    "near.shadow": (
        "{side} {name} está a {distance_pct} da liquidação",
        "preço {price_usd} · liq {liquidation_usd}",
        "A guarda adicionaria {amount_sat}; aqui ela só observa.",
    ),
    "near.seen": (
        "{side} {name} está a {distance_pct} da liquidação",
        "preço {price_usd} · liq {liquidation_usd}",
        "{text}",
    ),
    "near.over": (
        "{side} {name} está de novo a {distance_pct} da liquidação",
        "preço {price_usd} · liq {liquidation_usd}",
        "",
    ),
    "bare.near": (
        "{side} {name} está a {distance_pct} da liquidação e SEM proteção",
        "preço {price_usd} · liq {liquidation_usd}",
        "Arme uma guarda, ou adicione margem: axisor position add-margin {name}",
    ),
    "guard.failed": (
        "{side} {name} está perto da liquidação e a guarda não conseguiu agir",
        "{text}",
        "Deposite, ou feche: axisor position close {name}",
    ),
    "guard.recovered": ("{side} {name} está de novo a {distance_percent} % da liquidação", "", ""),
    "cover.lost": (
        "{side} {name} não está protegida",
        "{text}",
        "Veja por quê: axisor guard explain",
    ),
    "cover.protected": ("{side} {name} está protegida de novo", "", ""),
    "blind": ("A guarda não pode agir", "{text}", "Ela continua sozinha assim que puder."),
    "blind.over": ("A guarda pode agir de novo", "{text}", ""),
    "key": (
        "Sua chave pode sacar fundos",
        "O Axisor nunca precisa disso; quem a roubar poderia levar tudo.",
        "Crie uma chave só para futuros, depois: axisor account replace-credentials",
    ),
    "notice": ("{text}", "", ""),
    "over": ("Acabou", "", ""),
    "halt.risk": (
        "Novos riscos foram bloqueados por {who}",
        "{text}",
        "As guardas continuam. axisor halt resume",
    ),
    "halt.all": (
        "Tudo foi bloqueado por {who}",
        "{text}",
        "NENHUMA guarda age. axisor halt resume",
    ),
    "halt.flatten": (
        "Todas as posições estão sendo fechadas, por {who}",
        "{text}",
        "axisor halt resume",
    ),
    "halt.over": ("O bloqueio foi encerrado por {who}", "{text}", ""),
    "restored": (
        "A conta age de novo depois de uma restauração",
        "{moved_sat} se moveram desde o backup; os orçamentos contam como gastos.",
        "",
    ),
    "run.failed": ("{strategy} falhou", "{text}", "Não faz nada até: axisor run start"),
    "run.paused": (
        "{strategy} foi pausada por {who}",
        "{text}",
        "Não faz nada até: axisor run resume",
    ),
    "run.paused_for": (
        "{strategy} foi pausada por {who} às {paused_at} ({length_min})",
        "{text}",
        "Continua sozinha às {until_at}. Antes disso: axisor run resume",
    ),
    "run.bare": (
        "{strategy} foi PAUSADA por {who}: {bare_count} de suas posições SEM proteção",
        "{text}",
        "Nada as protege até: axisor run resume",
    ),
    "run.bare_for": (
        "{strategy} foi PAUSADA por {who} por {length_min}: {bare_count} posições SEM proteção",
        "{text}",
        "Continua sozinha às {until_at}. Antes disso: axisor run resume",
    ),
    "run.resumed": ("{strategy} roda de novo", "{text}", ""),
    "run.stopped": ("{strategy} foi parada", "{text}", "Não faz nada até: axisor run start"),
    "run.running": ("{strategy} roda de novo", "", ""),
    "ended.closed": ("{side} {name} foi fechada a {exit_usd}", "{pl_sat}", ""),
    "ended.liquidated": (
        "{side} {name} foi liquidada a {exit_usd}",
        "{pl_sat}",
        "O diário diz por que nada a salvou: axisor events list",
    ),
    "ended.liquidated_paused": (
        "{side} {name} foi liquidada a {exit_usd}",
        "{pl_sat}",
        "Sua guarda foi PAUSADA por {who} às {paused_at}. axisor events list",
    ),
    "ended.liquidated_paused_for": (
        "{side} {name} foi liquidada a {exit_usd}",
        "{pl_sat}",
        "Sua guarda foi PAUSADA por {who} às {paused_at} ({length_min}). axisor events list",
    ),
    "ended.stopped": ("{side} {name} foi fechada pelo stop a {exit_usd}", "{pl_sat}", ""),
    "ended.taken": ("{side} {name} realizou o lucro a {exit_usd}", "{pl_sat}", ""),
    "ended.unknown": ("{side} {name} não existe mais", "{pl_sat}", "A corretora não diz como."),
    "acted.moved": (
        "A guarda adicionou {amount_sat} a {side} {name}",
        "liq {before_usd} -> {after_usd}",
        "",
    ),
    "known.confirmed": ("Agora se sabe: teve efeito", "", ""),
    "known.refused": ("Agora se sabe: foi recusado", "{text}", ""),
    "known.not_applied": ("Agora se sabe: não teve efeito", "{text}", ""),
    "known.canceled": ("Foi cancelado", "{text}", ""),
    "daily": (
        "Tudo em ordem hoje - protegidas {protected_count}/{positions_count}",
        "{actions_count} ações da guarda, {added_sat} em 24 h; alertas abertos: {open_count}",
        "Se esta mensagem não chegar, algo está errado.",
    ),
    "daily.not": (
        "Relatório do dia - protegidas {protected_count}/{positions_count}",
        "{actions_count} ações da guarda, {added_sat} em 24 h; alertas abertos: {open_count}",
        "Olhe para eles: axisor alert list",
    ),
    "failing": (
        "O canal {name} não funciona",
        "{text}",
        "Você é avisado só pelos outros canais. axisor notify test",
    ),
    "test": ("Este é um teste do canal {name}", "Nada aconteceu.", ""),
    "repeated": ("", "", "Ninguém viu isto ainda: axisor alert ack"),
    "flapping": ("", "", "Veio {times_count} vezes em uma hora; daqui em diante só se piorar."),
    "more": ("", "", "e mais {more_count}: axisor alert list"),
}

FRAMES_PT: Mapping[str, tuple[str, str, str]] = {
    "acted": ("Uma estratégia fez: {doing}", "", ""),
    "asked": ("Feito: {doing}", "por {who}", ""),
    "refused": ("Não feito: {doing}", "{text}", "Nada foi enviado, ou não teve efeito."),
    "unknown": (
        "Não se sabe se isto aconteceu: {doing}",
        "{text}",
        "Não é enviado de novo até que se saiba, o que continua sozinho.",
    ),
    "dead": (
        "Abandonado sem se saber: {doing}",
        "{text}",
        "Olhe na corretora, depois: axisor dlq list",
    ),
    "would": ("teria feito: {doing}", "Nada foi enviado.", ""),
}

DOINGS_PT: Mapping[str, str] = {
    "add": "adicionar {amount_sat} a {name}",
    "cash_in": "retirar {amount_sat} de {name}",
    "close": "fechar {name}",
    "stop": "stop de {name} a {at_usd}",
    "stop_off": "stop de {name} desligado",
    "target": "alvo de {name} a {at_usd}",
    "target_off": "alvo de {name} desligado",
    "open": "abrir {side} {quantity_count} USD x{leverage}",
    "open_for": "abrir {side} com {amount_sat} x{leverage}",
    "cross_order": "cross {side} {quantity_count} USD",
    "deposit": "depositar {amount_sat} no cross",
    "withdraw": "tirar {amount_sat} do cross",
    "cross_leverage": "alavancagem cross x{leverage}",
    "cancel": "cancelar a ordem {name}",
    "cancel_all": "cancelar todas as ordens",
}
